import { createRequire } from 'node:module';
import { exitCodeOf, UsageError } from '../local/command/arguments.ts';

interface Command {
  readonly summary: string;
  /** Answers `--help` as well. @returns the exit code, when there is nothing left to do */
  run(args: readonly string[]): Promise<number>;
}

const commands: Readonly<Record<string, Command>> = {
  local: {
    summary: 'run a synthesized CDK app on this machine',
    run: async (args) => (await loadLocal()).runLocal(args, 'session-socket local'),
  },
  doctor: {
    summary: 'ask a running PHP app whether it is ready for the gateway',
    run: async (args) => (await import('../doctor/command.ts')).runDoctor(args),
  },
};

const list = Object.entries(commands)
  .map(([name, { summary }]) => `  ${name.padEnd(10)}${summary}`)
  .join('\n');

const usage = `session-socket COMMAND [options]

${list}

  COMMAND --help says more about one; --version says which session-socket this is.
`;

/** `session-socket …` */
export function runCli([name, ...args]: readonly string[]): Promise<number> {
  return exitCodeOf(async () => {
    if (name === '--version') return say(version());
    if (name === '--help' || name === 'help') return say(usage);
    if (name === undefined) throw new UsageError(`Say what to do:\n\n${list}`);
    const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
    if (command === undefined) throw new UsageError(`There is no command ${name}, but:\n\n${list}`);
    return command.run(args);
  });
}

/**
 * Late, because loading the local cloud takes longer than answering --help. It is a package of its own: in ours
 * `npm run build` makes this an import of `session-socket-local/command`.
 */
async function loadLocal() {
  try {
    return await import('../local/command/run.ts');
  } catch (error) {
    if (!isMissing(error, 'session-socket-local')) throw error;
    throw new Error(
      'The local cloud is the package session-socket-local, which is not installed here. It is not on npm yet: ' +
        '`npm pack -w session-socket-local` in a checkout of session-socket makes a tarball that `npm install` takes.',
    );
  }
}

/** https://nodejs.org/api/errors.html#err_module_not_found, and not a module that the package itself misses. */
function isMissing(error: unknown, name: string): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    error.code === 'ERR_MODULE_NOT_FOUND' &&
    error.message.includes(`'${name}'`)
  );
}

function say(text: string): number {
  console.log(text);
  return 0;
}

/** By its own name, which leads to the same file from the checkout and from what is compiled. */
function version(): string {
  return createRequire(import.meta.url)('session-socket/package.json').version;
}
