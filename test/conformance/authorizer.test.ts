import { afterAll, beforeAll, expect, it } from 'vitest';
import { setProperties } from '../assemblies/chat.ts';
import { type GatewayEvent, startChat } from '../assemblies/start-chat.ts';
import { connect, handshakeStatus } from '../socket-client.ts';
import { itHere, startTarget, type Target } from './target.ts';

let target: Target;
let url: string;

beforeAll(async () => {
  target = await startTarget();
  url = target.webSocketUrl;
});
afterAll(() => target.close());

const isMarked =
  (mark: string) =>
  ({ queryStringParameters: query }: GatewayEvent) =>
    query?.['mark'] === mark;
const invocationsOf = (name: string) => target.chat.cloud.functions[name]?.invocations ?? 0;

itHere('#14 who is allowed is let in, and $connect gets the context', async () => {
  expect(await handshakeStatus(`${url}?token=allow&mark=allowed`)).toBe(101);
  const { requestContext } = await target.chat.event('Connect', isMarked('allowed'));
  expect(requestContext['authorizer']).toMatchObject({ principalId: 'user:42', name: 'gonzalo' });
});

it.each(['', '?token=', '?Token=allow'])('#15 #N8 a handshake with "%s" for a query gets a 401', async (query) => {
  expect(await handshakeStatus(url + query)).toBe(401);
});

itHere('#15 then the authorizer is not invoked', async () => {
  const before = invocationsOf('Authorizer');
  await handshakeStatus(url);
  await handshakeStatus(`${url}?token=`);
  expect(invocationsOf('Authorizer')).toBe(before);
});

it('#16 an authorizer that throws exactly Unauthorized makes it a 401', async () => {
  expect(await handshakeStatus(`${url}?token=unauthorized`)).toBe(401);
});

itHere('#16 and one that gives it to its callback as well', async () => {
  const old = await startChat({
    change: (template) =>
      setProperties(template, 'Authorizer', {
        Code: { S3Bucket: 'assets', S3Key: 'callback.zip' },
        Runtime: 'nodejs22.x',
      }),
  });
  expect(await handshakeStatus(`${old.cloud.webSocketUrl}?token=unauthorized`)).toBe(401);
  expect(await handshakeStatus(`${old.cloud.webSocketUrl}?token=allow`)).toBe(101);
  await old.close();
});

it.each(['deny', 'deny-and-allow'])('#17 #N6 #N8 the policy "%s" makes it a 403', async (token) => {
  expect(await handshakeStatus(`${url}?token=${token}`)).toBe(403);
});

itHere('#17 and the log tells an explicit deny from an allow of something else', async () => {
  await handshakeStatus(`${url}?token=deny`);
  await handshakeStatus(`${url}?token=other-route`);
  const reasons = target.chat.entries.flatMap((entry) => (entry.kind === 'handshake' ? [entry.reason] : []));
  expect(reasons).toContain('the authorizer policy has an explicit deny');
  expect(reasons).toContain('the authorizer policy has no matching allow');
});

it.each([
  ['every-method', 403],
  ['other-route', 403],
  ['every-route', 101],
  ['every-stage', 101],
  ['every-resource', 101],
  ['allow', 101],
])('#18 #N8 a policy that allows "%s" makes it a %d', async (token, status) => {
  expect(await handshakeStatus(`${url}?token=${token}`)).toBe(status);
});

it.each(['no-policy', 'malformed', 'throws', 'function', 'no-principal'])(
  '#19 an authorizer with "%s" makes it a 500',
  async (token) => {
    expect(await handshakeStatus(`${url}?token=${token}`)).toBe(500);
  },
);

it('#19 an authorizer that does not answer in time makes it a 500', async () => {
  expect(await handshakeStatus(`${url}?token=hangs`)).toBe(500);
});

itHere('#19 $connect is not invoked after a refusal', async () => {
  const before = invocationsOf('Connect');
  for (const token of ['unauthorized', 'deny', 'no-policy']) await handshakeStatus(`${url}?token=${token}`);
  expect(invocationsOf('Connect')).toBe(before);
});

itHere('#20 #N7 #21 the context is in every event of the connection, as text', async () => {
  const client = await connect(`${url}?token=allow&mark=context`);
  client.send('the context');
  await client.next();
  await client.close();
  const connected = await target.chat.event('Connect', isMarked('context'));
  const { connectionId } = connected.requestContext;
  const isTheirs = (event: GatewayEvent) => event.requestContext.connectionId === connectionId;
  const later = [await target.chat.event('Message', isTheirs), await target.chat.event('Disconnect', isTheirs)];
  const context = { name: 'gonzalo', number: '7', flag: 'true', principalId: 'user:42' };
  for (const { requestContext } of [connected, ...later]) expect(requestContext['authorizer']).toEqual(context);
});

itHere('#21 the log names, once, what of the context becomes text', async () => {
  await handshakeStatus(`${url}?token=allow`);
  await handshakeStatus(`${url}?token=allow`);
  const told = target.chat.entries.filter(({ kind }) => kind === 'context-stringified');
  expect(told).toEqual([{ kind: 'context-stringified', authorizer: 'ConnectAuthorizer', keys: ['flag', 'number'] }]);
});

it('#21 an object in the context makes it a 500', async () => {
  expect(await handshakeStatus(`${url}?token=object-context`)).toBe(500);
});

itHere('#22 without a context there is the principalId', async () => {
  await handshakeStatus(`${url}?token=no-context&mark=none`);
  const { requestContext } = await target.chat.event('Connect', isMarked('none'));
  expect(requestContext['authorizer']).toEqual({ principalId: 'user:42' });
});

itHere('#24 two handshakes with the same token are two invocations', async () => {
  const before = invocationsOf('Authorizer');
  await handshakeStatus(`${url}?token=allow`);
  await handshakeStatus(`${url}?token=allow`);
  expect(invocationsOf('Authorizer')).toBe(before + 2);
});

it('#25 a result above 8 KB makes it a 500', async () => {
  expect(await handshakeStatus(`${url}?token=huge`)).toBe(500);
});

itHere('#26 #N9 an identity source in the form of HTTP APIs is refused at start', async () => {
  const change = (template: Parameters<typeof setProperties>[0]) =>
    setProperties(template, 'ConnectAuthorizer', { IdentitySource: ['$request.header.Cookie'] });
  await expect(startChat({ change })).rejects.toThrow('ConnectAuthorizer: the identity source $request.header.Cookie');
});
