import { request } from 'node:http';
import { connect as connectTcp } from 'node:net';
import { SignatureV4 } from '@smithy/signature-v4';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Sha256 } from '../assemblies/signed-fetch.ts';
import { type Chat, startChat } from '../assemblies/start-chat.ts';
import { onLinux } from '../needs.ts';
import { handshakeStatus } from '../socket-client.ts';

let chat: Chat;
let environment: Record<string, string>;

beforeAll(async () => {
  chat = await startChat();
  environment = await environmentOf(chat);
});
afterAll(() => chat.close());

async function environmentOf({ cloud }: Chat): Promise<Record<string, string>> {
  const result = await cloud.functions['Worker']?.invoke({ action: 'environment' });
  return JSON.parse(result?.payload ?? '{}') as Record<string, string>;
}

/** The status with which each server answers a program of this machine. */
const servers = [
  ['@connections', 'APIGATEWAYMANAGEMENTAPI', 'execute-api', '/@connections/L0SM9cOFvHcCIhw%3D', 410],
  ['DynamoDB', 'DYNAMODB', 'dynamodb', '/', 200],
  ['the other AWS APIs', 'LAMBDA', 'lambda', '/2015-03-31/functions/Chat-Worker/invocations', 200],
] as const;

interface Answer {
  readonly status: number | undefined;
  readonly allowsOrigin: boolean;
}

const body = '{"action":"nothing"}';

function send(service: string, path: string, headers: Record<string, string>, method = 'POST'): Promise<Answer> {
  const url = new URL(environment[`AWS_ENDPOINT_URL_${service}`] + path);
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method, headers }, (response) => {
      response.resume();
      const allowsOrigin = response.headers['access-control-allow-origin'] !== undefined;
      resolve({ status: response.statusCode, allowsOrigin });
    });
    outgoing.on('error', reject);
    outgoing.end(method === 'OPTIONS' ? '' : body);
  });
}

/** The headers of a POST from a program that has credentials. */
async function signed(name: string, service: string, path: string, host: string): Promise<Record<string, string>> {
  const { credentials, region } = chat.cloud;
  const { protocol, hostname, pathname } = new URL(environment[`AWS_ENDPOINT_URL_${name}`] + path);
  const headers = {
    host,
    'content-type': 'application/x-amz-json-1.0',
    'x-amz-target': 'DynamoDB_20120810.ListTables',
  };
  const signer = new SignatureV4({ credentials, region, service, sha256: Sha256 });
  return (await signer.sign({ method: 'POST', protocol, hostname, path: pathname, query: {}, headers, body })).headers;
}

describe.each(servers)('%s', (_, service, signedAs, path, status) => {
  const portOf = () => new URL(environment[`AWS_ENDPOINT_URL_${service}`] ?? '').port;

  it('answers a program of this machine, by number and by name', async () => {
    for (const name of ['127.0.0.1', 'localhost']) {
      const headers = await signed(service, signedAs, path, `${name}:${portOf()}`);
      expect(await send(service, path, headers)).toEqual({ status, allowsOrigin: false });
    }
  });

  // A simple cross-origin POST needs no preflight, and dynalite answers every preflight with *.
  it.each(['POST', 'OPTIONS'])('rejects the %s of a web page, even of one on this machine', async (method) => {
    for (const origin of ['https://evil.example', 'http://localhost:8080', 'null', `http://127.0.0.1:${portOf()}`]) {
      const answer = await send(service, path, { Origin: origin }, method);
      expect(answer).toEqual({ status: 403, allowsOrigin: false });
    }
  });

  // An image sends no Origin; on a function's own port it could swallow an event.
  it.each(['cross-site', 'same-site', 'same-origin'])('rejects the %s image of a web page', async (site) => {
    expect(await send(service, path, { 'Sec-Fetch-Site': site })).toMatchObject({ status: 403 });
  });

  it('rejects a foreign name that resolves to this machine', async () => {
    for (const host of [
      'evil.example',
      `evil.example:${portOf()}`,
      `127.0.0.1.evil.example:${portOf()}`,
      '127.0.0.1',
    ]) {
      expect(await send(service, path, { Host: host })).toMatchObject({ status: 403 });
    }
  });

  // After Node's five seconds a server closes a connection that a client keeps for four; on a busy machine that writes
  // into it.
  it('keeps an idle connection for longer than clients do', async () => {
    const answer = await fetch(environment[`AWS_ENDPOINT_URL_${service}`] + path, { method: 'POST' });
    expect(answer.headers.get('keep-alive')).toBe('timeout=60');
    await answer.body?.cancel();
  });

  it('cannot be reached by another address of this machine', onLinux, async () => {
    const socket = connectTcp(Number(portOf()), '127.0.0.2');
    const outcome = await new Promise((resolve) => {
      socket.once('connect', () => resolve('connected'));
      socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code));
    });
    socket.destroy();
    expect(outcome).toBe('ECONNREFUSED');
  });
});

it('a WebSocket upgrade may have any Origin, because the application checks it', async () => {
  expect(await handshakeStatus(`${chat.cloud.webSocketUrl}?token=allow`, { origin: 'https://app.example' })).toBe(101);
});

it('the access keys of functions change at each start', async () => {
  const another = await startChat();
  const { AWS_ACCESS_KEY_ID: key } = await environmentOf(another);
  await another.close();
  expect(key).toMatch(/^ASIA[A-Z0-9]{16}$/);
  expect(key).not.toBe(environment['AWS_ACCESS_KEY_ID']);
});
