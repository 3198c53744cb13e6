import type { Duplex } from 'node:stream';

/** A client whose handshake is not answered yet: it must not be lost sight of, and nothing it sends must be lost. */
export interface PendingSocket {
  isGone(): boolean;
  /** Ends the watch. @returns what came before the answer, to be read first */
  release(): Buffer;
}

// A client sends nothing before its handshake is answered; one that does is not let in to fill the memory.
const earlyLimitBytes = 64 * 1024;

export function watchPendingSocket(socket: Duplex, head: Buffer): PendingSocket {
  const early: Buffer[] = [head];
  let isGone = false;
  const onGone = () => {
    isGone = true;
  };
  const onData = (chunk: Buffer) => {
    early.push(chunk);
    if (early.reduce((total, { length }) => total + length, 0) > earlyLimitBytes) socket.destroy();
  };
  // A stream that nobody reads never tells that its other end was closed.
  socket.on('data', onData);
  socket.on('end', onGone);
  socket.on('close', onGone);
  // Stays for the life of the socket: an error without a listener would end the process.
  socket.on('error', onGone);
  return {
    isGone: () => isGone,
    release() {
      socket.off('data', onData);
      socket.off('end', onGone);
      socket.off('close', onGone);
      return Buffer.concat(early);
    },
  };
}
