import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SessionCheckFailed } from '../../functions/core/handshake/session.ts';
import { createCredentialsSource } from '../../functions/edge/credentials-source.ts';
import { signPost } from '../../functions/edge/sigv4.ts';
import { ManualClock } from '../fakes/clock.ts';
import { answerJson, hangUp, WebServer } from '../fakes/web-server.ts';

const secretArn = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:credentials';
const identity = { appId: '123456789012', key: 'key' };
const secrets = { secret: 'open sesame' };
const credentials = { ...identity, ...secrets };
const keys = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'aws-secret', sessionToken: 'aws-session' };
const holds = (secret: unknown) => answerJson({ Name: 'x', SecretString: JSON.stringify(secret) });

let manager: WebServer;
let clock: ManualClock;
beforeEach(async () => {
  manager = await WebServer.start(holds(secrets));
  clock = new ManualClock('2026-11-20T12:00:00.000Z');
});
afterEach(() => manager.close());

function source() {
  const aws = { region: 'eu-central-1', credentials: keys, secretsManagerUrl: manager.url() };
  return createCredentialsSource({ ...identity, secretArn }, aws, clock);
}

it('asks Secrets Manager for this secret, signed', async () => {
  const bodies: Buffer[] = [];
  manager.mood = (request, response) => {
    request.on('data', (chunk) => bodies.push(chunk));
    request.on('end', () => holds(secrets)(request, response));
  };
  expect(await source()()).toMatchObject(credentials);
  const body = Buffer.concat(bodies).toString();
  expect(JSON.parse(body)).toEqual({ SecretId: secretArn });
  const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'secretsmanager.GetSecretValue' };
  const { host } = manager.url();
  const scope = { host, region: 'eu-central-1', service: 'secretsmanager', credentials: keys };
  const signature = signPost(scope, '/', headers, body, clock.now());
  expect(manager.lastRequest.method).toBe('POST');
  expect(manager.lastRequest.headers).toMatchObject({
    host,
    'content-length': String(Buffer.byteLength(body)),
    ...headers,
    ...signature,
  });
});

describe('the secret', () => {
  it('is fetched on first use and cached for five minutes', async () => {
    const credentialsOf = source();
    expect(manager.requests).toHaveLength(0);
    await credentialsOf();
    await clock.advance(5 * 60_000 - 1);
    await credentialsOf();
    expect(manager.requests).toHaveLength(1);
  });

  it('is fetched again after five minutes, because it may have been rotated', async () => {
    const credentialsOf = source();
    await credentialsOf();
    const rotated = { secret: 'another' };
    manager.mood = holds(rotated);
    await clock.advance(5 * 60_000);
    expect(await credentialsOf()).toMatchObject({ ...identity, ...rotated });
    expect(manager.requests).toHaveLength(2);
  });

  it('is fetched once for all concurrent callers', async () => {
    const credentialsOf = source();
    const all = await Promise.all([credentialsOf(), credentialsOf(), credentialsOf()]);
    expect(all).toMatchObject([credentials, credentials, credentials]);
    expect(manager.requests).toHaveLength(1);
  });

  it('may have other fields beside it', async () => {
    manager.mood = holds({ ...secrets, note: 'x', previousSecret: null });
    expect(await source()()).toMatchObject(credentials);
  });

  it('may hold the authorization header for a PHP app behind HTTP Basic', async () => {
    expect((await source()()).authorization).toBeUndefined();
    manager.mood = holds({ ...secrets, authorization: 'Basic c3RhZ2luZzpvcGVu' });
    expect((await source()()).authorization).toBe('Basic c3RhZ2luZzpvcGVu');
  });

  it.each(['staging:open', 'Basic', 'Basic ', 'Basic a\r\nX-A: b', 'Basic ü', 42, ''])(
    'says so where that header is %j, without quoting it',
    async (authorization) => {
      manager.mood = holds({ ...secrets, authorization });
      const error = await source()().catch((caught: Error) => caught);
      expect(String(error)).toContain('authorization in the gateway\'s secret is not like "Basic …"');
      expect(String(error)).not.toContain('staging:open');
    },
  );

  // Before 0.1.0 the secret held the application id and the key too, made from the construct's place in the CDK app.
  // Such a value survives an update where somebody stores the old secret again.
  it('overrides neither application id nor key of the stack', async () => {
    manager.mood = holds({ appId: 'Shop-SessionSocket', key: '0123456789abcdef0123', ...secrets });
    expect(await source()()).toMatchObject(credentials);
  });
});

describe('a caller who needs a newer secret', () => {
  it('gets it once the cached one is older than the caller allows, and so do all later callers', async () => {
    const credentialsOf = source();
    await credentialsOf();
    const rotated = { secret: 'another', previousSecret: credentials.secret };
    manager.mood = holds(rotated);
    await clock.advance(59_999);
    expect(await credentialsOf(60_000)).toMatchObject(credentials);
    await clock.advance(1);
    expect(await credentialsOf(60_000)).toMatchObject(rotated);
    expect(await credentialsOf()).toMatchObject(rotated);
    expect(manager.requests).toHaveLength(2);
  });

  it('gets the cached one while fetching fails, at most five minutes, with one attempt a minute', async () => {
    const credentialsOf = source();
    await credentialsOf();
    manager.mood = answerJson({}, 500);
    for (let minute = 1; minute < 5; minute += 1) {
      await clock.advance(60_000);
      for (const _ of [1, 2, 3]) expect(await credentialsOf(60_000)).toMatchObject(credentials);
      expect(manager.requests).toHaveLength(1 + minute);
    }
    await clock.advance(60_000);
    await expect(credentialsOf()).rejects.toThrow('answered 500');
  });

  it('gets the previous secret too, if it is a string', async () => {
    manager.mood = holds({ ...secrets, previousSecret: 'open' });
    expect((await source()()).ticketKeys).toHaveLength(2);
    manager.mood = holds({ ...secrets, previousSecret: 42 });
    await expect(source()()).rejects.toThrow('is not a JSON object');
  });
});

describe('a failure', () => {
  it('is thrown to all waiting callers, and not cached', async () => {
    const credentialsOf = source();
    manager.mood = hangUp;
    const both = await Promise.allSettled([credentialsOf(), credentialsOf()]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(manager.requests).toHaveLength(1);
    manager.mood = holds(secrets);
    expect(await credentialsOf()).toMatchObject(credentials);
  });

  it('that arrives late does not remove the secret that was fetched in the meantime', async () => {
    const credentialsOf = source();
    const late: (() => void)[] = [];
    manager.mood = (request) => late.push(() => request.socket.resetAndDestroy());
    const failing = credentialsOf();
    await expect.poll(() => late).toHaveLength(1);
    await clock.advance(5 * 60_000);
    manager.mood = holds(secrets);
    await credentialsOf();
    late[0]?.();
    await expect(failing).rejects.toThrow();
    await credentialsOf();
    expect(manager.requests).toHaveLength(2);
  });

  it.each([
    ['is refused', answerJson({ __type: 'AccessDeniedException', Message: 'x' }, 400), 'answered 400'],
    ['is throttled', answerJson({ __type: 'ThrottlingException' }, 429), 'answered 429'],
    ['cannot be answered', answerJson({}, 500), 'answered 500'],
    ['is hung up on', hangUp, 'could not be asked: the connection failed (ECONNRESET)'],
    ['finds no text', answerJson({ SecretBinary: 'eA==' }), 'is not a JSON object with the string'],
    ['finds a null', answerJson(null), 'is not a JSON object with the string'],
    ['finds no JSON', answerJson({ SecretString: 'open sesame' }), 'is not a JSON object with the string'],
    ['finds broken JSON', answerJson({ SecretString: '{"secret":"open sesame"' }), 'is not a JSON object'],
    ['finds an array', holds(['app', 'key', 'open sesame']), 'is not a JSON object with the string'],
    ['finds null in the secret', holds(null), 'is not a JSON object with the string'],
    ['finds no secret', holds({ ...identity, password: 'open sesame' }), 'is not a JSON object with the string'],
    ['finds an empty secret', holds({ secret: '' }), 'is not a JSON object with the string'],
    ['finds a number', holds({ secret: 42 }), 'is not a JSON object with the string'],
  ])('has a reason that is safe to log: the request %s', async (_, mood, reason) => {
    manager.mood = mood;
    const error = await source()().catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(SessionCheckFailed);
    const { outcome, reason: logged, stack } = error as SessionCheckFailed;
    expect(outcome).toBe('unavailable');
    expect(logged).toContain(reason);
    for (const part of ['sesame', 'aws-secret', 'aws-session', secretArn]) expect(stack).not.toContain(part);
  });
});
