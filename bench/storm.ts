import { Agent, get } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type { Bench } from './bench.ts';
import { startChild } from './child.ts';
import { type Figure, figure } from './figure.ts';
import { type Fpm, findFpm, startFpm } from './fpm.ts';
import { percentile } from './statistics.ts';
import type { Storm } from './storm-server.ts';

const children = 5;
/** The value of `maxConcurrentSessionChecks`, which leaves two children for pages. */
const throttle = 3;
/** A visitor requests pages all the time, without waiting for the page before. */
const betweenPagesMs = 50;
const quietPages = 200;

/** How many simultaneous reconnects slow down the other pages of the app, with the throttle and without it. */
export async function measureStorm(bench: Bench): Promise<Figure[]> {
  const found = findFpm();
  if (found === undefined) {
    bench.step('skipped: it needs php-fpm and nginx (Debian: apt-get install php-fpm nginx-light)');
    return [];
  }
  const fpm = await startFpm(found, children);
  bench.defer(() => fpm.close());
  const quiet = await visitPages(fpm, pause(quietPages * betweenPagesMs));
  const quietP99 = percentile(quiet, 0.99);
  return [
    figure('storm/page-quiet-p99', quietP99, { unit: 'ms' }),
    ...(await weather(bench, fpm, 'throttled', throttle, quietP99)),
    ...(await weather(bench, fpm, 'open', undefined, quietP99)),
  ];
}

async function weather(bench: Bench, fpm: Fpm, name: string, checks: number | undefined, quietP99: number) {
  const how = checks === undefined ? 'without a throttle' : `with ${checks} session checks at a time`;
  bench.step(`${bench.sockets} sockets come back at once, ${how}, before ${fpm.php}`);
  const cloud = await startChild(bench, 'storm-server.ts', {
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    STORM_PHP: fpm.url,
    STORM_SOCKETS: String(bench.sockets),
    ...(checks === undefined ? {} : { STORM_CHECKS: String(checks) }),
  });
  await cloud.ask<Storm>('warmUp');
  await fpm.takeChecks();
  const storm = cloud.ask<Storm>('storm');
  const p99 = percentile(await visitPages(fpm, storm), 0.99);
  const { seconds, attempts } = await storm;
  const { most, all } = await fpm.takeChecks();
  await cloud.end();
  const promised = checks !== undefined;
  return [
    figure(`storm/${name}-checks-at-once`, most, { unit: 'checks', ...(promised ? { limit: checks } : {}) }),
    figure(`storm/${name}-page-p99`, p99, { unit: 'ms' }),
    figure(`storm/${name}-page-times-quiet`, p99 / quietP99, { unit: '×', ...(promised ? { limit: 2 } : {}) }),
    figure(`storm/${name}-all-back`, seconds, { unit: 's' }),
    figure(`storm/${name}-attempts`, attempts / bench.sockets, { unit: 'per socket' }),
    figure(`storm/${name}-checks`, all, { unit: 'checks' }),
  ];
}

/** @returns milliseconds, one for each page */
async function visitPages({ url }: Fpm, until: Promise<unknown>): Promise<number[]> {
  const agent = new Agent({ keepAlive: true });
  const visits: Promise<number>[] = [];
  let isOver = false;
  const over = () => {
    isOver = true;
  };
  until.then(over, over);
  while (!isOver) {
    const visiting = visit(`${url}/page`, agent);
    // Nobody awaits it yet; if it fails, the benchmark fails below.
    visiting.catch(over);
    visits.push(visiting);
    await pause(betweenPagesMs);
  }
  const times = await Promise.all(visits);
  agent.destroy();
  return times;
}

function visit(url: string, agent: Agent): Promise<number> {
  const start = performance.now();
  return new Promise((resolve, reject) => {
    get(url, { agent }, (answer) => {
      answer.resume();
      if (answer.statusCode !== 200) return reject(new Error(`A page was answered with ${answer.statusCode}.`));
      answer.once('end', () => resolve(performance.now() - start));
    }).once('error', reject);
  });
}
