import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

export interface Invocation {
  /** The value that the handler returned. */
  readonly result: unknown;
  /** The error that the handler threw. */
  readonly error: { readonly name: string; readonly message: string; readonly everything: string } | undefined;
  /** The JSON lines that the handler logged. */
  readonly lines: readonly Record<string, unknown>[];
  /** All its output and errors, to check that they contain no secret. */
  readonly output: string;
}

/**
 * A bundle in its own process, as in Lambda: with this environment only, one event after the other. Unlike a frozen
 * Lambda, it learns\n * before the next event what has happened to its sockets.
 */
export class Lambda {
  readonly #child: ChildProcess;
  #written = { stdout: '', stderr: '' };

  private constructor(child: ChildProcess) {
    this.#child = child;
    for (const name of ['stdout', 'stderr'] as const) {
      child[name]?.setEncoding('utf8').on('data', (text: string) => {
        this.#written[name] += text;
        child.emit('written');
      });
    }
  }

  /** @param bundle the path of a CommonJS file that exports `handler` */
  static async start(bundle: string, environment: Readonly<Record<string, string>>): Promise<Lambda> {
    const env = { ...environment, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' };
    const child = spawn(process.execPath, ['-e', runtime, bundle], { env, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
    const lambda = new Lambda(child);
    const [message] = await Promise.race([once(child, 'message'), once(child, 'exit')]);
    if (message !== 'ready') throw new Error(`The bundle did not start: ${lambda.#written.stderr}`);
    return lambda;
  }

  async invoke(event: unknown): Promise<Invocation> {
    this.#written = { stdout: '', stderr: '' };
    this.#child.send({ event });
    const [answer] = await once(this.#child, 'message');
    const isAllHere = () => Object.values(this.#written).every((text) => text.endsWith(endMark));
    while (!isAllHere()) await once(this.#child, 'written');
    const written = this.#written.stdout + this.#written.stderr;
    const lines = written.split(/[\n\0]/).filter((line) => line !== '');
    const output = `${written}${JSON.stringify(answer)}${answer.error?.everything ?? ''}`;
    return { ...answer, lines: lines.map((line) => JSON.parse(line)), output };
  }

  async stop(): Promise<void> {
    this.#child.kill();
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'exit');
  }
}

const endMark = '\0';

const runtime = `
const { inspect } = require('node:util');
const { handler } = require(process.argv[1]);
const turn = () => new Promise(setImmediate);

process.on('message', async ({ event }) => {
  await turn();
  await turn();
  const answer = await handler(event).then(
    (result) => ({ result }),
    (error) => ({
      error: { name: error.name, message: error.message, everything: inspect(error, { showHidden: true, depth: 9 }) },
    }),
  );
  process.stdout.write('\\0');
  process.stderr.write('\\0');
  process.send(answer);
});
process.send('ready');
`;
