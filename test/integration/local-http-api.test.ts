import { request } from 'node:https';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addHttpApi } from '../assemblies/http-api.ts';
import { type Chat, startChat } from '../assemblies/start-chat.ts';

interface HttpEvent {
  readonly body?: string;
  readonly cookies?: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  readonly isBase64Encoded: boolean;
  readonly requestContext: Readonly<Record<string, unknown>>;
  readonly [key: string]: unknown;
}

describe('an HTTP API', () => {
  let chat: Chat;
  let url: string;
  const post = (query = '', init: RequestInit = {}) => fetch(`${url}${query}`, { method: 'POST', ...init });
  const eventOf = async (response: Response) => (await response.json()) as HttpEvent;

  beforeAll(async () => {
    chat = await startChat({ change: addHttpApi, region: 'us-east-1' });
    url = `${chat.cloud.apis['Http']}/apps/17/events`;
  });
  afterAll(() => chat.close());

  it('gives the function an event of payload format 2.0, its keys in the order of the documentation', async () => {
    const headers = { 'content-type': 'application/json', cookie: 'a=1; b=2', 'X-Twice': 'one' };
    const event = await eventOf(await post('?x=1&x=2&y=%20', { body: '{"n":1}', headers }));
    // https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
    expect(Object.keys(event)).toEqual([
      'version',
      'routeKey',
      'rawPath',
      'rawQueryString',
      'cookies',
      'headers',
      'queryStringParameters',
      'requestContext',
      'body',
      'pathParameters',
      'isBase64Encoded',
      'stageVariables',
    ]);
    expect(event).toMatchObject({
      version: '2.0',
      routeKey: 'POST /apps/{app_id}/events',
      rawPath: '/apps/17/events',
      rawQueryString: 'x=1&x=2&y=%20',
      cookies: ['a=1', 'b=2'],
      queryStringParameters: { x: '1,2', y: ' ' },
      body: '{"n":1}',
      pathParameters: { app_id: '17' },
      isBase64Encoded: false,
      stageVariables: { tier: 'gold' },
      requestContext: { stage: '$default', http: { method: 'POST', path: '/apps/17/events', protocol: 'HTTP/1.1' } },
    });
    expect(event.headers).toMatchObject({ 'x-twice': 'one', 'content-length': '7', 'x-forwarded-proto': 'https' });
    expect(event.headers).not.toHaveProperty('cookie');
  });

  it('passes on a body that is not text as base64', async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const event = await eventOf(await post('', { body: 'a=b', headers }));
    expect(event).toMatchObject({ body: 'YT1i', isBase64Encoded: true });
  });

  it.each([
    ['text', 200, 'application/json', 'plain words'],
    ['object', 200, 'application/json', '{"hello":"world"}'],
    ['throw', 500, 'application/json', '{"message":"Internal Server Error"}'],
    ['nonsense', 500, 'application/json', '{"message":"Internal Server Error"}'],
    ['full', 201, 'text/plain;charset=UTF-8', 'bytes'],
  ])('turns an answer that is %s into a %d', async (answer, status, type, body) => {
    const response = await post(`?answer=${answer}`);
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toBe(type);
    expect(await response.text()).toBe(body);
  });

  it('sets the cookies and headers of the answer, but not those of the connection', async () => {
    const { headers } = await post('?answer=full');
    expect(headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    expect(headers.get('x-own')).toBe('yes');
    expect(headers.get('connection')).not.toBe('close');
  });

  it('answers other paths and methods with 404', async () => {
    for (const response of [await fetch(url), await fetch(`${chat.cloud.apis['Http']}/apps`, { method: 'POST' })]) {
      expect(response.status).toBe(404);
      expect(await response.json()).toEqual({ message: 'Not Found' });
    }
  });

  it('accepts at most ten megabytes', async () => {
    const response = await post('', { body: Buffer.alloc(10 * 1024 * 1024 + 1) });
    expect(response.status).toBe(413);
    expect(await response.json()).toEqual({ message: 'Request Entity Too Large' });
  });

  it('answers over TLS as well, with its own certificate', async () => {
    const secure = new URL(url.replace('http:', 'https:'));
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const outgoing = request(secure, { method: 'POST', rejectUnauthorized: false }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      outgoing.on('error', reject).end();
    });
    expect(status).toBe(200);
  });
});

it('an HTTP API has its stage in the path, unless that is $default', async () => {
  const chat = await startChat({ change: (template) => addHttpApi(template, 'live') });
  try {
    expect(chat.cloud.apis['Http']).toMatch(/\/live$/);
    const response = await fetch(`${chat.cloud.apis['Http']}/apps/17/events`, { method: 'POST' });
    expect((await response.json()) as HttpEvent).toMatchObject({
      rawPath: '/live/apps/17/events',
      requestContext: { stage: 'live' },
    });
  } finally {
    await chat.close();
  }
});
