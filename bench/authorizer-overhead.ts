import { createRequire } from 'node:module';
import type { APIGatewayAuthorizerResult } from 'aws-lambda';
import type { ConnectAuthorizerEvent } from '../functions/edge/authorizer-event.ts';
import { handshakeEvent } from '../test/fakes/events.ts';
import { authorizerEnvironment, buildAuthorizer } from './authorizer-bundle.ts';
import type { Bench } from './bench.ts';
import { startChild } from './child.ts';
import { type Figure, figure } from './figure.ts';
import { type Ask, askByNodeHttp, askByRawSocket } from './http-askers.ts';
import type { Counts, Ports } from './instant-php.ts';
import { percentile, spread, spreadOfPairs } from './statistics.ts';

const rounds = 15;
const callsPerRound = 800;
const warmUpCalls = 3000;

/**
 * The time that a warm authorizer adds to PHP's own: against a PHP that answers at once, beside two minimal clients.
 */
export async function measureAuthorizerOverhead(bench: Bench): Promise<Figure[]> {
  bench.step('starting a server that answers at once');
  const php = await startChild<Ports>(bench, 'instant-php.ts');
  const authorizer = await loadAuthorizer(bench, php.ready);
  await authorizer();
  // The other two send exactly the authorizer's headers.
  const headers = inPairs(await php.ask<string[]>('headers'));
  const nodeHttp = askByNodeHttp(php.ready.nodeHttp, headers);
  bench.defer(nodeHttp.close);
  const rawSocket = await askByRawSocket(php.ready.rawSocket, headers);
  bench.defer(rawSocket.close);

  const askers = { authorizer, 'node-http': nodeHttp.ask, 'raw-socket': rawSocket.ask } as const;
  bench.step(`warming up with ${warmUpCalls} calls of each`);
  for (const ask of Object.values(askers)) await timeCalls(ask, warmUpCalls);

  const p50 = { authorizer: [] as number[], 'node-http': [] as number[], 'raw-socket': [] as number[] };
  const p99 = { authorizer: [] as number[], 'node-http': [] as number[], 'raw-socket': [] as number[] };
  const names = ['authorizer', 'node-http', 'raw-socket'] as const;
  for (let round = 1; round <= rounds; round += 1) {
    if (round % 5 === 1) bench.step(`${callsPerRound} calls of each, round ${round} of ${rounds}`);
    for (const name of names) {
      const calls = await timeCalls(askers[name], callsPerRound);
      p50[name].push(percentile(calls, 0.5));
      p99[name].push(percentile(calls, 0.99));
    }
  }

  const { authorizer: seen } = await php.ask<Counts>('counts');
  const calls = 1 + warmUpCalls + rounds * callsPerRound;
  const minus = (ours: number, floor: number) => ours - floor;
  const overRaw = spreadOfPairs(p50.authorizer, p50['raw-socket'], minus);
  const overNodeHttp = spreadOfPairs(p50.authorizer, p50['node-http'], minus);
  const timesNodeHttp = spreadOfPairs(p50.authorizer, p50['node-http'], (ours, floor) => ours / floor);
  return [
    figure('authorizer-overhead/over-raw-socket', overRaw, { unit: 'µs', limit: 150 }),
    figure('authorizer-overhead/over-node-http', overNodeHttp, { unit: 'µs' }),
    figure('authorizer-overhead/times-node-http', timesNodeHttp, { unit: '×' }),
    ...names.flatMap((name) => [
      figure(`authorizer-overhead/${name}-p50`, spread(p50[name]), { unit: 'µs' }),
      figure(`authorizer-overhead/${name}-p99`, spread(p99[name]), { unit: 'µs' }),
    ]),
    figure('authorizer-overhead/requests-per-connect', seen.requests / calls, { unit: 'requests', limit: 1 }),
    figure('authorizer-overhead/sockets-opened', seen.sockets, { unit: 'sockets', limit: 1 }),
  ];
}

/** Calls the bundle's handler in this process, and fails unless the handshake is allowed. */
async function loadAuthorizer(bench: Bench, ports: Ports): Promise<Ask> {
  const php = `http://127.0.0.1:${ports.authorizer}/getSessionID`;
  Object.assign(process.env, authorizerEnvironment(php, `http://127.0.0.1:${ports.secretsManager}`));
  const { handler } = createRequire(import.meta.url)(await buildAuthorizer(bench)) as {
    handler(event: ConnectAuthorizerEvent): Promise<APIGatewayAuthorizerResult>;
  };
  const event = handshakeEvent();
  return async () => {
    const { policyDocument } = await handler(event);
    if (policyDocument.Statement[0]?.Effect !== 'Allow') throw new Error('The authorizer refused.');
  };
}

/** Microseconds of each call, one after the other. */
async function timeCalls(ask: Ask, calls: number): Promise<number[]> {
  const times: number[] = [];
  for (let call = 0; call < calls; call += 1) {
    const start = performance.now();
    await ask();
    times.push((performance.now() - start) * 1000);
  }
  return times;
}

function inPairs(rawHeaders: readonly string[]): Record<string, string> {
  const names = rawHeaders.filter((_, index) => index % 2 === 0);
  const values = rawHeaders.filter((_, index) => index % 2 === 1);
  return Object.fromEntries(names.map((name, index) => [name, values[index] ?? '']));
}
