import { createHash, createHmac } from 'node:crypto';

export interface ApiAnswer {
  readonly status: number;
  readonly text: string;
  /** The parsed body; undefined if it is not JSON. */
  readonly json: unknown;
}

interface Credentials {
  readonly appId: string;
  readonly key: string;
  readonly secret: string;
  /** Seconds by which its clock is ahead. */
  readonly ahead?: number;
  /** The hash in the signed query, instead of the body's. */
  readonly md5?: string;
}

export type Api = (
  method: string,
  path: string,
  body?: unknown,
  query?: Readonly<Record<string, string>>,
) => Promise<ApiAnswer>;

/** Calls Pusher's HTTP API below the path of the app, signed by hand, without Pusher's libraries. */
export function createApi(url: string, { appId, key, secret, ahead = 0, md5 }: Credentials): Api {
  return async (method, path, body, query = {}) => {
    const text = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body);
    const target = `/apps/${appId}${path}`;
    const parameters: Record<string, string> = {
      ...query,
      auth_key: key,
      auth_timestamp: String(Math.floor(Date.now() / 1000) + ahead),
      auth_version: '1.0',
      ...(text === '' ? {} : { body_md5: md5 ?? createHash('md5').update(text).digest('hex') }),
    };
    const sorted = Object.keys(parameters).sort();
    const signed = `${method}\n${target}\n${sorted.map((name) => `${name}=${parameters[name]}`).join('&')}`;
    const signature = createHmac('sha256', secret).update(signed).digest('hex');
    const search = sorted.map((name) => `${name}=${encodeURIComponent(parameters[name] ?? '')}`).join('&');
    const answer = await fetch(`${url}${target}?${search}&auth_signature=${signature}`, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(text === '' ? {} : { body: text }),
    });
    const received = await answer.text();
    return { status: answer.status, text: received, json: parse(received) };
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
