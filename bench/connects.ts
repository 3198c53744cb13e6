import { Visitor } from '../test/php/visitor.ts';
import type { Bench } from './bench.ts';
import { startChild } from './child.ts';
import { type Connect, connectToBlogPost, connectToSessionSocket } from './connect-clients.ts';
import { type Load, runRound } from './connect-round.ts';
import { type Figure, figure } from './figure.ts';
import type { SessionSocketServer } from './session-socket-server.ts';
import { spread, spreadOfPairs } from './statistics.ts';

const rounds = 7;
const clientsInFlight = 8;
const busyLoad = { inFlight: clientsInFlight, forMs: 1200 };
const aloneLoad = { inFlight: 1, forMs: 600 };
/** Long enough for each Lambda to have all its environments, with compiled code. */
const warmUpLoad = { inFlight: clientsInFlight, forMs: 3000 };
const stranger = 'nobodynobodynobodynobody';

/** Connects per second of the template on the local cloud, beside the socket.io server that it replaces. */
export async function measureConnects(bench: Bench): Promise<Figure[]> {
  bench.step('synthesizing, then starting the local cloud, PHP and the blog post’s server');
  const { ready, ask } = await startChild<SessionSocketServer>(bench, 'session-socket-server.ts', {
    // The local cloud's client would print between our lines.
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  });
  const blogPost = await startChild<string>(bench, 'blog-post-server.ts', { PAGE_URL: ready.pageUrl });
  const ours = connectToSessionSocket(ready.webSocketUrl, ready.pageUrl);
  const theirs = connectToBlogPost(blogPost.ready);
  for (const connect of [ours, theirs]) await expectRefusal(connect);
  const tokens = await logIn(ready.pageUrl, 2 * clientsInFlight);

  const measure = async (connect: Connect, load: Load) => {
    const round = await runRound(connect, tokens, load);
    await ask('quiet');
    return round;
  };
  bench.step(`warming up; ${ready.php} answers both`);
  for (const connect of [ours, theirs]) await measure(connect, warmUpLoad);

  const busy = { ours: [] as Round[], theirs: [] as Round[] };
  const alone = { ours: [] as Round[], theirs: [] as Round[] };
  for (let round = 1; round <= rounds; round += 1) {
    bench.step(`${clientsInFlight} clients in flight, then one, at each server in turn; round ${round} of ${rounds}`);
    busy.ours.push(await measure(ours, busyLoad));
    busy.theirs.push(await measure(theirs, busyLoad));
    alone.ours.push(await measure(ours, aloneLoad));
    alone.theirs.push(await measure(theirs, aloneLoad));
  }

  const rates = { ours: busy.ours.map(perSecond), theirs: busy.theirs.map(perSecond) };
  const ratio = spreadOfPairs(rates.ours, rates.theirs, (our, their) => our / their);
  const perS = { unit: 'connects/s', better: 'higher' } as const;
  const ms = { unit: 'ms' };
  return [
    figure('connects/ratio', ratio, { unit: '×', better: 'higher' }),
    figure('connects/session-socket', spread(rates.ours), perS),
    figure('connects/blog-post', spread(rates.theirs), perS),
    ...Object.entries({ busy, alone }).flatMap(([load, { ours, theirs }]) => [
      figure(`connects/${load}-session-socket-handshake-p50`, spread(ours.map((each) => each.acceptedP50Ms)), ms),
      figure(`connects/${load}-session-socket-welcome-p50`, spread(ours.map((each) => each.usableP50Ms)), ms),
      figure(`connects/${load}-blog-post-handshake-p50`, spread(theirs.map((each) => each.acceptedP50Ms)), ms),
    ]),
  ];
}

type Round = Awaited<ReturnType<typeof runRound>>;
const perSecond = (round: Round) => round.connectsPerSecond;

/** An open gateway would be fast, so both must reject a client without a session. */
async function expectRefusal(connect: Connect): Promise<void> {
  const outcome = await connect(stranger).then(
    () => 'accepted',
    () => 'refused',
  );
  if (outcome === 'accepted')
    throw new Error('A client without a session was accepted, so there is no check to measure.');
}

async function logIn(pageUrl: string, count: number): Promise<string[]> {
  const tokens: string[] = [];
  while (tokens.length < count) {
    const visitor = new Visitor(pageUrl);
    await visitor.logIn();
    if (visitor.sessionId === undefined) throw new Error('PHP started no session at the login.');
    tokens.push(visitor.sessionId);
  }
  return tokens;
}
