import { spawn } from 'node:child_process';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const project = join(import.meta.dirname, '..', '..');

/** A folder outside the checkout. */
export interface Outside {
  readonly folder: string;
  write(files: Readonly<Record<string, string>>): Promise<void>;
  /** @param packages names with versions, or tarballs */
  install(...packages: readonly string[]): Promise<void>;
  /** Runs a command of a shell there. */
  run(command: string): Promise<Finished>;
  remove(): Promise<void>;
}

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export async function goOutside(): Promise<Outside> {
  const folder = await mkdtemp(join(tmpdir(), 'session-socket-outside-'));
  const runThere = (command: string) => runIn(folder, command);
  return {
    folder,
    async write(files) {
      for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
    },
    async install(...packages) {
      const { code, stderr } = await runThere(`npm install --no-audit --no-fund ${packages.join(' ')}`);
      if (code !== 0) throw new Error(`npm install ${packages.join(' ')} failed:\n${stderr}`);
    },
    run: runThere,
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

function runIn(folder: string, command: string): Promise<Finished> {
  return new Promise((resolve, reject) => {
    // npm's and vitest's variables about this checkout would not exist in another folder.
    const env = Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_PATH$|NODE_OPTIONS$|VITEST)/i.test(name)),
    );
    const child = spawn('/bin/sh', ['-c', command], { cwd: folder, env: { ...env, CDK_DISABLE_CLI_TELEMETRY: '1' } });
    const printed = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text) => (printed.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text) => (printed.stderr += text));
    child.once('error', reject).once('close', (code) => resolve({ code, ...printed }));
  });
}

/** Megabytes of all files below a folder. */
export async function megabytesOf(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const sizes = await Promise.all(files.map(async ({ parentPath, name }) => (await stat(join(parentPath, name))).size));
  return sizes.reduce((sum, size) => sum + size, 0) / 1_000_000;
}
