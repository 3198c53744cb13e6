import type { IncomingMessage } from 'node:http';

/**
 * Always reads to the end, so that the caller gets the answer and the connection can be reused. Data above the limit is
 * dropped. Uses events, because async iteration is slower than many calls.
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
    // `close` without `end`: the caller disconnected.
    request.on('close', () => reject(new Error('The caller disconnected.')));
  });
}

/** @returns undefined if the text is not JSON: functions and clients may send anything */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Returns a malformed encoding unchanged. */
export function decodeUri(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** A service's answer before it becomes HTTP. */
export interface ServiceAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** An error for the AWS SDK's JSON protocols, with the type in a header and in the body. */
export function serviceError(status: number, type: string, message: string): ServiceAnswer {
  return {
    status,
    headers: { 'x-amzn-ErrorType': type },
    body: JSON.stringify({ __type: type, message, Message: message }),
  };
}
