import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFreePort } from '../local/free-port.ts';
import { describePermissions, type LogEntry, startLocalCloud } from '../local/index.ts';
import { startPhpServer } from '../local/php-server.ts';
import { describeEntry, isRoutine } from './local-log.ts';
import { type LocalOptions, readLocalOptions, usage } from './local-options.ts';
import { synthesize } from './synthesize.ts';

/** `npm start`: synthesizes the app, runs its template on this machine beside the PHP demo, and says where everything is. */
const project = join(import.meta.dirname, '..');
const undo: (() => Promise<void>)[] = [];
const interruption = new AbortController();
let starting: Promise<void> | undefined;
let stopping: Promise<void> | undefined;

// npm dies of a SIGTERM and does not pass it on: an orphan would keep the ports.
const parent = process.ppid;
setInterval(() => process.ppid !== parent && void stop(0), 500).unref();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void stop(0));

try {
  const options = readLocalOptions(process.argv.slice(2));
  if (options === 'help') {
    console.log(usage);
  } else {
    starting = start(options);
    await starting;
  }
} catch (error) {
  if (stopping === undefined) {
    console.error(`\nsession-socket: ${error instanceof Error ? error.message : error}\n`);
    await stop(1);
  }
}

async function start(options: LocalOptions): Promise<void> {
  const log = (line: string) => (options.quiet ? undefined : console.log(line));
  const pagePort = await findPort(options.pagePort, '--page-port');
  const socketPort = await findPort(options.socketPort, '--socket-port');

  goOn();
  console.log('Synthesizing the template …');
  const assembly = await mkdtemp(join(tmpdir(), 'session-socket-'));
  undo.push(() => rm(assembly, { recursive: true, force: true }));
  const pageUrl = `http://127.0.0.1:${pagePort}`;
  await synthesize(
    {
      sessionEndpoint: `${pageUrl}/getSessionID`,
      allowedOrigins: `${pageUrl},http://localhost:${pagePort}`,
      hello: String(options.hello),
    },
    assembly,
    interruption.signal,
  );
  goOn();

  console.log('Starting the local cloud and PHP …');
  const cloud = await startLocalCloud({ assembly, port: socketPort, log: (entry) => tell(entry, log) });
  undo.push(() => cloud.close());
  if (options.permissions) undo.push(async () => console.log(`\n${describePermissions(cloud.permissions())}\n`));
  goOn();
  const php = await startPhpServer({
    root: join(project, 'php', 'demo'),
    router: 'index.php',
    port: pagePort,
    environment: { SESSION_SOCKET_URL: cloud.webSocketUrl },
    prefer: options.php,
    log,
  });
  undo.push(() => php.close());

  goOn();
  console.log(banner(pageUrl, cloud.webSocketUrl, php.php));
}

/** Between two steps of the start: nothing more is begun once somebody pressed Ctrl-C. */
function goOn(): void {
  if (stopping !== undefined) throw new Error('stopped');
}

/** That a queue has begun is news; each further one in it is not. */
function tell(entry: LogEntry, log: (line: string) => void): void {
  if ((entry.kind === 'function-waiting' && entry.waiting > 1) || isRoutine(entry)) return;
  log(describeEntry(entry));
}

function banner(pageUrl: string, webSocketUrl: string, php: string): string {
  return `
  session-socket is running on this machine

    Page      ${pageUrl}/
    Socket    ${webSocketUrl}
    Log in    gonzalo / password

    PHP       ${php}
    DynamoDB  dynalite ${versionOf('dynalite')}, in memory
    Lambda    Node ${process.versions.node} (nodejs24.x on AWS)

  Ctrl-C stops everything.
`;
}

function versionOf(dependency: string): string {
  return JSON.parse(readFileSync(join(project, 'node_modules', dependency, 'package.json'), 'utf8')).version;
}

/** Asked before the slow work, so that a taken port is told at once and by name. */
async function findPort(port: number, option: string): Promise<number> {
  return findFreePort(port).catch((error: Error) => {
    throw new Error(`${error.message} Stop that, or choose another with ${option}.`);
  });
}

/** Ends everything that was started, the last first. A second signal does not wait. */
async function stop(code: number): Promise<void> {
  if (stopping !== undefined) process.exit(130);
  interruption.abort();
  stopping = stopAll();
  await stopping;
  process.exit(code);
}

async function stopAll(): Promise<void> {
  // What is half started can only be stopped once it has started.
  await starting?.catch(() => {});
  for (const end of undo.reverse()) {
    await end().catch((error: unknown) => console.error(`session-socket: while stopping: ${error}`));
  }
}
