import { closeSync, openSync, readSync } from 'node:fs';

/** The most memory that a process ever held. */
export interface MemoryMeter {
  /** undefined where this machine does not tell, or when the process has gone */
  peakMb(): number | undefined;
  close(): void;
}

// Only Linux has it: https://man7.org/linux/man-pages/man5/proc_pid_status.5.html
export const canMeasureMemory = process.platform === 'linux';

/** Keeps the file open, because a warm invocation is too short to open one. */
export function measureMemory(pid: number): MemoryMeter {
  const buffer = Buffer.allocUnsafe(1024);
  let file = open(pid);
  let lastMb: number | undefined;
  return {
    peakMb() {
      if (file === undefined) return lastMb;
      try {
        const text = buffer.toString('latin1', 0, readSync(file, buffer, 0, buffer.length, 0));
        const kilobytes = /^VmHWM:\s+(\d+)/m.exec(text)?.[1];
        if (kilobytes !== undefined) lastMb = Number(kilobytes) / 1024;
      } catch {
        // It has gone; what was read before is its last.
      }
      return lastMb;
    },
    close() {
      if (file !== undefined) closeSync(file);
      file = undefined;
    },
  };
}

function open(pid: number): number | undefined {
  if (!canMeasureMemory) return undefined;
  try {
    return openSync(`/proc/${pid}/status`, 'r');
  } catch {
    return undefined;
  }
}
