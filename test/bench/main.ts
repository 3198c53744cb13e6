import { parseArgs } from 'node:util';
import { measureAuthorizerImport } from './authorizer-import.ts';
import { measureAuthorizerOverhead } from './authorizer-overhead.ts';
import { type Bench, createBench } from './bench.ts';
import { measureConnects } from './connects.ts';
import { type Figure, isWithinLimit } from './figure.ts';
import { measureLocalCloud } from './local-cloud.ts';
import { measureLogout } from './logout.ts';
import { asJson, asMarkdown, asTable, describeMachine } from './print.ts';
import { measurePublish } from './publish.ts';
import { measureTickets } from './tickets.ts';

const benchmarks: Readonly<Record<string, (bench: Bench) => Promise<Figure[]>>> = {
  'authorizer-import': measureAuthorizerImport,
  'authorizer-overhead': measureAuthorizerOverhead,
  connects: measureConnects,
  'local-cloud': measureLocalCloud,
  tickets: measureTickets,
  logout: measureLogout,
  publish: measurePublish,
};

const usage = `Measures session-socket beside what it could be or was, in interleaved rounds of one run.

  npm run bench -- [benchmark] [--json | --markdown]

  benchmark     one of ${Object.keys(benchmarks).join(', ')}   (default all)
  --json        print [{name, value, unit, limit, better}, …]
  --markdown    print the table of docs/benchmarks.md
  --mutations   how many mutated tickets "tickets" tries   (default 100000)
  --help        this text

Figures go to standard output, progress to standard error. A missed limit is marked and not a failure: how busy the
machine is decides too much for that.
`;

const say = (line: string) => console.error(line);
// At the start, before our own load is part of it.
const machine = describeMachine();
let running: { readonly settled: Promise<unknown>; stop(): Promise<void> } | undefined;
let isStopping = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void stop());

try {
  const { names, print, mutations } = readArguments(process.argv.slice(2));
  if (names.length === 0) console.log(usage);
  else console.log(print(await runAll(names, mutations), machine));
} catch (error) {
  if (!isStopping) {
    console.error(`bench: ${error instanceof Error ? error.message : error}`);
    process.exitCode = 1;
  }
}

/** No names at all: help was asked for. */
function readArguments(args: readonly string[]) {
  const boolean = { type: 'boolean', default: false } as const;
  const number = { type: 'string', default: '100000' } as const;
  const options = { json: boolean, markdown: boolean, mutations: number, help: boolean };
  const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options });
  const print = values.json ? asJson : values.markdown ? asMarkdown : asTable;
  const mutations = Number(values.mutations);
  if (!(mutations > 0)) throw new Error(`--mutations is a number above 0, not "${values.mutations}".`);
  if (values.help) return { names: [], print, mutations };

  const unknown = positionals.find((name) => !Object.hasOwn(benchmarks, name));
  const names = positionals.length === 0 ? Object.keys(benchmarks) : positionals;
  if (unknown === undefined) return { names, print, mutations };
  throw new Error(`There is no benchmark "${unknown}". There are: ${Object.keys(benchmarks).join(', ')}.`);
}

async function runAll(names: readonly string[], mutations: number): Promise<Figure[]> {
  const figures: Figure[] = [];
  say(machine);
  for (const name of names) figures.push(...(await run(name, mutations)));
  const missed = figures.filter((each) => !isWithinLimit(each));
  if (missed.length > 0) say(`missed: ${missed.map((each) => each.name).join(', ')}`);
  return figures;
}

async function run(name: string, mutations: number): Promise<Figure[]> {
  const { bench, cleanUp, stop: stopBench } = createBench((line) => say(`${name}: ${line}`), mutations);
  const figures = (benchmarks[name]?.(bench) ?? Promise.resolve([])).finally(cleanUp);
  running = { settled: figures.catch(() => undefined), stop: stopBench };
  return figures;
}

/** Ends what runs before it leaves; whoever presses Ctrl-C twice does not wait. */
async function stop(): Promise<void> {
  if (isStopping) process.exit(130);
  isStopping = true;
  say('stopping …');
  await running?.stop();
  await running?.settled;
  process.exit(130);
}
