import type { Readable } from 'node:stream';

const lengthName = 'content-length: ';

/**
 * Calls `onPost` with the connection id of every complete request on a keep-alive connection. It reads only the end of
 * the head, the length of the body and the last part of the path. Header names must be lower-case.
 */
export function readPosts(socket: Readable, onPost: (connectionId: string) => void): void {
  let rest: Buffer | undefined;
  socket.on('data', (chunk: Buffer) => {
    let bytes = rest === undefined ? chunk : Buffer.concat([rest, chunk]);
    for (;;) {
      const headEnd = bytes.indexOf('\r\n\r\n');
      if (headEnd < 0) break;
      const head = bytes.toString('latin1', 0, headEnd);
      const lengthAt = head.indexOf(lengthName);
      const length = lengthAt < 0 ? 0 : Number.parseInt(head.slice(lengthAt + lengthName.length, lengthAt + 26), 10);
      const end = headEnd + 4 + length;
      if (bytes.length < end) break;
      const pathEnd = head.indexOf(' HTTP/1.1');
      onPost(decodeURIComponent(head.slice(head.lastIndexOf('/', pathEnd) + 1, pathEnd)));
      bytes = bytes.subarray(end);
    }
    rest = bytes.length === 0 ? undefined : bytes;
  });
}
