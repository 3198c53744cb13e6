import type { IncomingMessage } from 'node:http';

/**
 * Reads to the end in any case, so that the caller hears the answer and the connection can be used again; what is above the
 * limit is not kept. By events, because iterating costs more than many a call takes.
 */
export function readBody(request: IncomingMessage, limitBytes: number): Promise<Buffer | 'too long'> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length <= limitBytes) chunks.push(chunk);
      else chunks.length = 0;
    });
    request.on('end', () => {
      if (length > limitBytes) resolve('too long');
      else resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, length));
    });
    request.on('error', reject);
    // Without an error when the caller hangs up in the middle.
    request.on('close', () => reject(new Error('The caller hung up.')));
  });
}

/** @returns undefined when the text is no JSON: what functions and clients send is theirs, and may be anything */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
