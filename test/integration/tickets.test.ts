import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAuthorizer } from '../../functions/authorizer.ts';
import { type HandshakeOptions, resolveHandshakeOptions } from '../../functions/core/handshake/handshake-options.ts';
import { openTicket } from '../../functions/core/handshake/ticket.ts';
import { deriveCredentials, type PusherCredentials } from '../../functions/core/keys/credentials.ts';
import { isRefusal } from '../../functions/core/refusal.ts';
import { createCredentialsSource } from '../../functions/edge/credentials-source.ts';
import { createSessionLookup } from '../../functions/edge/php.ts';
import { ManualClock } from '../fakes/clock.ts';
import { handshakeEvent, origin, sessionId } from '../fakes/events.ts';
import { LoggedLines } from '../fakes/logged-lines.ts';
import { isSignedWith } from '../fakes/signed-asker.ts';
import { contents, sealTicket } from '../fakes/ticket.ts';
import { mutationsOf } from '../fakes/ticket-mutations.ts';
import { answerJson, WebServer } from '../fakes/web-server.ts';

const first: PusherCredentials = { appId: 'app', key: 'key', secret: 'the first secret' };
const second: PusherCredentials = { ...first, secret: 'the second secret' };

/** PHP, with the secrets that it holds: it seals with the first of them and believes a gateway that signs with any. */
interface Php {
  secrets: readonly PusherCredentials[];
}

let php: WebServer;
let manager: WebServer;
let clock: ManualClock;
let app: Php;
beforeEach(async () => {
  clock = new ManualClock();
  app = { secrets: [first] };
  php = await WebServer.start((request, response) => {
    const isKnown = app.secrets.some((secret) => isSignedWith(secret, request));
    answerJson(isKnown ? sessionId : 'who are you?', isKnown ? 200 : 421)(request, response);
  });
  manager = await WebServer.start();
  store(first);
});
afterEach(async () => {
  await php.close();
  await manager.close();
});

/** What `aws secretsmanager put-secret-value` does. */
function store({ secret, previousSecret }: PusherCredentials): void {
  manager.mood = answerJson({ SecretString: JSON.stringify({ secret, previousSecret }) });
}

/** One Lambda environment with everything real but Secrets Manager, PHP and the clock. */
function startAuthorizer(given: HandshakeOptions = { mode: 'ticket' }) {
  const options = resolveHandshakeOptions(given);
  const keys = { accessKeyId: 'id', secretAccessKey: 'key', sessionToken: undefined };
  const aws = { region: 'eu-central-1', credentials: keys, secretsManagerUrl: manager.url() };
  const credentials = createCredentialsSource(
    { appId: first.appId, key: first.key, secretArn: 'arn:secret' },
    aws,
    clock,
  );
  const settings = { ...options, endpoint: php.url('/getSessionID'), timeoutMs: 2500 };
  const sessions = createSessionLookup(settings, credentials, clock, () => {});
  const origins = { allowedOrigins: [origin], allowMissingOrigin: false };
  return createAuthorizer({ origins, options, sessions, credentials, clock, log: new LoggedLines().log });
}

const seconds = () => Math.floor(clock.now() / 1000);

async function effectOf(authorize: ReturnType<typeof startAuthorizer>, ticket: string): Promise<unknown> {
  const { policyDocument } = await authorize(handshakeEvent({ tokens: [ticket] }));
  return policyDocument.Statement[0]?.Effect;
}

it('none of 100,000 mutations of a ticket opens or throws', () => {
  const credentials = deriveCredentials(first);
  const ticket = sealTicket(first, contents(seconds()));
  const other = sealTicket(first, contents(seconds(), { s: 'another' }));
  const opened: string[] = [];
  fc.assert(
    fc.property(mutationsOf(ticket, other), (mutated) => {
      if (mutated === ticket || mutated === other) return;
      if (!isRefusal(openTicket(mutated, credentials, seconds()))) opened.push(mutated);
    }),
    { numRuns: 100_000 },
  );
  expect(opened).toEqual([]);
});

it('10,000 malformed, expired and foreign tickets cost PHP no request, and Secrets Manager one', async () => {
  const authorize = startAuthorizer();
  const good = sealTicket(first, contents(seconds()));
  const makers = [
    (n: number) => good.slice(0, n % good.length),
    (n: number) => sealTicket(first, contents(seconds() - 36 - n)),
    (n: number) => sealTicket({ ...first, appId: `app-${n}` }, contents(seconds())),
    (n: number) => sealTicket({ ...first, key: `key-${n}` }, contents(seconds())),
    () => sealTicket(second, contents(seconds())),
  ];
  for (let n = 0; n < 10_000; n += 1) {
    expect(await effectOf(authorize, makers[n % makers.length]?.(n) ?? '')).toBe('Deny');
  }
  expect(php.requests).toHaveLength(0);
  expect(manager.requests).toHaveLength(1);
  expect(await effectOf(authorize, good)).toBe('Allow');
});

// docs/operations.md, "Changing the secret", step by step.
describe('changing the secret, without a deployment and without rejected users', () => {
  const ways = { tickets: { mode: 'ticket' }, 'session ids': { mode: 'session-id' } } as const;

  it.each(Object.entries(ways))('of %s', async (_, options) => {
    const running = startAuthorizer(options);
    const tokenOf = () => {
      const [sealing = first] = app.secrets;
      return options.mode === 'ticket' ? sealTicket(sealing, contents(seconds())) : sessionId;
    };
    /** Both a Lambda that runs since the beginning and one that starts now. */
    const everybodyGetsIn = async () => {
      for (const authorize of [running, startAuthorizer(options)]) {
        expect(await effectOf(authorize, tokenOf())).toBe('Allow');
      }
    };
    await everybodyGetsIn();

    app.secrets = [first, second]; // 1. PHP learns the new secret, and goes on with the old.
    await everybodyGetsIn();

    store({ ...second, previousSecret: first.secret }); // 2. The gateway gets both.
    await everybodyGetsIn();
    await clock.advance(5 * 60_000); // 3. Every Lambda has it after five minutes.
    await everybodyGetsIn();

    app.secrets = [second, first]; // 4. PHP goes over to the new one.
    await everybodyGetsIn();

    store(second); // 5. Both forget the old one.
    await everybodyGetsIn();
    app.secrets = [second];
    await everybodyGetsIn();
    await clock.advance(5 * 60_000);
    await everybodyGetsIn();

    if (options.mode === 'ticket') expect(await effectOf(running, sealTicket(first, contents(seconds())))).toBe('Deny');
  });

  it('in the wrong order is reported as different secrets in PHP and the gateway', async () => {
    const authorize = startAuthorizer({ mode: 'session-id' });
    store(second);
    await expect(effectOf(authorize, sessionId)).rejects.toThrow('do not hold the same secret');
  });

  it('in one step reaches the gateway within a minute, because a ticket that does not open makes it fetch the secret', async () => {
    const authorize = startAuthorizer();
    expect(await effectOf(authorize, sealTicket(first, contents(seconds())))).toBe('Allow');
    store(second);
    app.secrets = [second];
    expect(await effectOf(authorize, sealTicket(second, contents(seconds())))).toBe('Deny');
    await clock.advance(60_000);
    expect(await effectOf(authorize, sealTicket(second, contents(seconds())))).toBe('Allow');
  });
});
