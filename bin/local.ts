import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exitCodeOf } from '../local/command/arguments.ts';
import { type Lifecycle, runUntilStopped } from '../local/command/lifecycle.ts';
import {
  describeDynamoDb,
  describeRuntime,
  findPort,
  findSocketPort,
  startCloud,
  unknownsSentence,
} from '../local/command/run.ts';
import { banner, type Row } from '../local/command/terminal.ts';
import { startPhpServer } from '../serve/php-server.ts';
import { type LocalOptions, readLocalOptions, usage } from './local-options.ts';
import { ticketEnvironment, writeEnvironmentFile } from './php-environment.ts';
import { shareDomain, shareHost } from './shared-domain.ts';
import { synthesize, synthesizeOnChange } from './synthesize.ts';

/** `npm start`: synthesizes the app, runs its template and the PHP demo on this machine, and prints the addresses. */
const project = join(import.meta.dirname, '..');

process.exit(
  await exitCodeOf(async () => {
    const options = readLocalOptions(process.argv.slice(2));
    if (options === 'help') console.log(usage);
    else await runUntilStopped((life) => start(life, options));
    return 0;
  }),
);

async function start(life: Lifecycle, options: LocalOptions): Promise<void> {
  const { app, mode, cookieName } = options;
  const pagePort = app === undefined ? await findPort(options.pagePort, '--page-port') : options.pagePort;
  const socketPort = await findSocketPort(options.socketPort, '--socket-port');

  life.throwIfStopped();
  console.log('Synthesizing the template …');
  const assembly = await mkdtemp(join(tmpdir(), 'session-socket-'));
  life.onEnd(() => rm(assembly, { recursive: true, force: true }));
  const phpUrl = app?.origin ?? `http://127.0.0.1:${pagePort}`;
  const shareCookieDomain = () => (app === undefined ? shareDomain(pagePort) : shareHost(app, cookieName));
  const shared = mode === 'cookie' ? shareCookieDomain() : undefined;
  const pageUrl = shared?.pageUrl ?? phpUrl;
  const context = {
    sessionEndpoint: app?.href ?? `${phpUrl}/getSessionID`,
    allowedOrigins: app?.origin ?? `${pageUrl},http://localhost:${pagePort}`,
    hello: String(options.hello),
    mode,
    ...(mode !== 'cookie' && cookieName !== undefined && { cookieName }),
    ...shared?.context,
  };
  await synthesize(context, assembly, life.signal);
  life.throwIfStopped();

  console.log(app === undefined ? 'Starting the local cloud and PHP …' : 'Starting the local cloud …');
  const cloud = await startCloud(life, {
    assembly,
    port: socketPort,
    watch: true,
    quiet: options.quiet,
    permissions: options.permissions,
  });
  life.throwIfStopped();
  const socketUrl = shared?.socketUrlOf(cloud.webSocketUrl) ?? cloud.webSocketUrl;
  const log = (line: string) => (options.quiet ? undefined : console.log(line));
  const environment = {
    SESSION_SOCKET_URL: socketUrl,
    SESSION_SOCKET_MODE: mode,
    ...ticketEnvironment(cloud),
    ...shared?.environment,
  };
  const startDemo = async (): Promise<readonly Row[]> => {
    const [root, prefer] = [join(project, 'php'), options.php];
    const php = await startPhpServer({
      root,
      router: 'demo/index.php',
      port: pagePort,
      environment,
      prefer,
      log,
      note: log,
    });
    life.onEnd(() => php.close());
    return [
      ['Log in', 'gonzalo or maria / password'],
      ['PHP', php.php],
    ];
  };
  const php = app === undefined ? await startDemo() : await writeEnvironmentFile(life, process.cwd(), environment);
  const sourceFolders = ['functions', 'lib'].map((folder) => join(project, folder));
  synthesizeOnChange(life, sourceFolders, () => synthesize(context, assembly, life.signal), log);

  life.throwIfStopped();
  const runtimes = new Set(Object.values(cloud.functions).map(({ runtime }) => describeRuntime(runtime)));
  console.log(
    banner(
      'session-socket is running on this machine',
      [
        ['Page', `${pageUrl}/`],
        ['Socket', socketUrl],
        ['Asks', `${context.sessionEndpoint}, mode ${mode}`],
        ['Inspect', String(cloud.inspectorUrl)],
        ...php,
        ['DynamoDB', describeDynamoDb('dynalite')],
        ['Lambda', ...runtimes],
      ],
      [unknownsSentence('session-socket local')],
    ),
  );
}
