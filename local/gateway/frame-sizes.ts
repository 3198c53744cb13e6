/**
 * Follows the frame boundaries of a client's byte stream, because `ws` limits messages only, and API Gateway limits frames
 * as well. https://www.rfc-editor.org/rfc/rfc6455#section-5.2
 * @returns feed it every chunk; true when a frame longer than the limit begins in it
 */
export function watchFrameSizes(limitBytes: number): (chunk: Buffer) => boolean {
  const header: number[] = [];
  let payloadLeft = 0;

  return (chunk) => {
    for (let at = 0; at < chunk.length; ) {
      if (payloadLeft > 0) {
        const skipped = Math.min(payloadLeft, chunk.length - at);
        payloadLeft -= skipped;
        at += skipped;
        continue;
      }
      header.push(chunk[at] ?? 0);
      at += 1;
      const length = payloadLength(header);
      if (length === undefined) continue;
      header.length = 0;
      payloadLeft = length;
      if (length > limitBytes) return true;
    }
    return false;
  };
}

/** @returns undefined until the header is complete */
function payloadLength(header: readonly number[]): number | undefined {
  const second = header[1];
  if (second === undefined) return undefined;
  const short = second & 0x7f;
  const extended = short === 126 ? 2 : short === 127 ? 8 : 0;
  const mask = (second & 0x80) === 0 ? 0 : 4;
  if (header.length < 2 + extended + mask) return undefined;
  if (extended === 0) return short;
  return header.slice(2, 2 + extended).reduce((total, byte) => total * 256 + byte, 0);
}
