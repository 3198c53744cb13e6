import { parseArgs } from 'node:util';
import { measureAuthorizerImport } from './authorizer-import.ts';
import { measureAuthorizerOverhead } from './authorizer-overhead.ts';
import { type Bench, createBench, type Sizes } from './bench.ts';
import { measureBroadcast } from './broadcast.ts';
import { measureConnectionsClient } from './connections-client.ts';
import { measureConnects } from './connects.ts';
import { type Figure, isWithinLimit } from './figure.ts';
import { measureFunctionImport } from './function-import.ts';
import { measureLocalCloud } from './local-cloud.ts';
import { measureLogout } from './logout.ts';
import { asJson, asMarkdown, asTable, describeMachine } from './print.ts';
import { measurePublish } from './publish.ts';
import { measureStorm } from './storm.ts';
import { measureTickets } from './tickets.ts';

const benchmarks: Readonly<Record<string, (bench: Bench) => Promise<Figure[]>>> = {
  'authorizer-import': measureAuthorizerImport,
  'authorizer-overhead': measureAuthorizerOverhead,
  broadcast: measureBroadcast,
  connects: measureConnects,
  'function-import': measureFunctionImport,
  'connections-client': measureConnectionsClient,
  'local-cloud': measureLocalCloud,
  tickets: measureTickets,
  logout: measureLogout,
  storm: measureStorm,
  publish: measurePublish,
};

const usage = `Measures session-socket beside its alternatives, in interleaved rounds of one run.

  npm run bench -- [benchmark] [--json | --markdown]

  benchmark     one of ${Object.keys(benchmarks).join(', ')}   (default all)
  --json        print [{name, value, unit, limit, better}, …]
  --markdown    print the table of docs/benchmarks.md
  --mutations   how many mutated tickets "tickets" tries   (default 100000)
  --sockets     how many sockets reconnect in "storm"      (default 2000)
  --recipients  to how many sockets "broadcast" posts      (default 100000)
  --chart       redraw docs/images/broadcast.svg
  --help        this text

Figures go to standard output, progress to standard error. A missed limit is marked, but is not a failure, because
figures depend too much on the machine's load.
`;

const say = (line: string) => console.error(line);
// At the start, because later it would include our own load.
const machine = describeMachine();
let running: { readonly settled: Promise<unknown>; stop(): Promise<void> } | undefined;
let isStopping = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void stop());

try {
  const { names, print, ...sizes } = readArguments(process.argv.slice(2));
  if (names.length === 0) console.log(usage);
  else console.log(print(await runAll(names, sizes), machine));
} catch (error) {
  if (!isStopping) {
    console.error(`bench: ${error instanceof Error ? error.message : error}`);
    process.exitCode = 1;
  }
}

/** Without names the command prints its help. */
function readArguments(args: readonly string[]) {
  const boolean = { type: 'boolean', default: false } as const;
  const number = (fallback: string) => ({ type: 'string', default: fallback }) as const;
  const sizes = { mutations: number('100000'), sockets: number('2000'), recipients: number('100000') };
  const options = { json: boolean, markdown: boolean, ...sizes, chart: boolean, help: boolean };
  const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options });
  const print = values.json ? asJson : values.markdown ? asMarkdown : asTable;
  const mutations = readSize('mutations', values.mutations);
  const sockets = readSize('sockets', values.sockets);
  const recipients = readSize('recipients', values.recipients);
  const wanted = { mutations, sockets, recipients, chart: values.chart };
  if (values.help) return { names: [], print, ...wanted };

  const unknown = positionals.find((name) => !Object.hasOwn(benchmarks, name));
  const names = positionals.length === 0 ? Object.keys(benchmarks) : positionals;
  if (unknown === undefined) return { names, print, ...wanted };
  throw new Error(`There is no benchmark "${unknown}". There are: ${Object.keys(benchmarks).join(', ')}.`);
}

function readSize(name: string, text: string): number {
  const size = Number(text);
  if (!(size > 0)) throw new Error(`--${name} is a number above 0, not "${text}".`);
  return size;
}

async function runAll(names: readonly string[], sizes: Sizes): Promise<Figure[]> {
  const figures: Figure[] = [];
  say(machine);
  for (const name of names) figures.push(...(await run(name, sizes)));
  const missed = figures.filter((each) => !isWithinLimit(each));
  if (missed.length > 0) say(`missed: ${missed.map((each) => each.name).join(', ')}`);
  return figures;
}

async function run(name: string, sizes: Sizes): Promise<Figure[]> {
  const { bench, cleanUp, stop: stopBench } = createBench((line) => say(`${name}: ${line}`), sizes);
  const figures = (benchmarks[name]?.(bench) ?? Promise.resolve([])).finally(cleanUp);
  running = { settled: figures.catch(() => undefined), stop: stopBench };
  return figures;
}

/** Ends the benchmark, then the process. A second Ctrl-C does not wait. */
async function stop(): Promise<void> {
  if (isStopping) process.exit(130);
  isStopping = true;
  say('stopping …');
  await running?.stop();
  await running?.settled;
  process.exit(130);
}
