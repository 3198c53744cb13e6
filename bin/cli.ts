import { createRequire } from 'node:module';
import { exitCodeOf, UsageError } from '../local/command/arguments.ts';

interface Command {
  readonly summary: string;
  /** Also handles `--help`. @returns the exit code */
  run(args: readonly string[]): Promise<number>;
}

const commands: Readonly<Record<string, Command>> = {
  local: {
    summary: 'run a synthesized CDK app on this machine',
    run: async (args) => (await loadLocal()).runLocal(args, 'session-socket local'),
  },
  doctor: {
    summary: 'check whether a running PHP app is ready for the gateway',
    run: async (args) => (await import('../doctor/command.ts')).runDoctor(args),
  },
};

const list = Object.entries(commands)
  .map(([name, { summary }]) => `  ${name.padEnd(10)}${summary}`)
  .join('\n');

const usage = `session-socket COMMAND [options]

${list}

  COMMAND --help explains a command; --version prints the version.
`;

/** `session-socket …` */
export function runCli([name, ...args]: readonly string[]): Promise<number> {
  return exitCodeOf(async () => {
    if (name === '--version') return print(version());
    if (name === '--help' || name === 'help') return print(usage);
    if (name === undefined) throw new UsageError(`No command given. Use one of:\n\n${list}`);
    const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
    if (command === undefined) throw new UsageError(`Unknown command "${name}". Use one of:\n\n${list}`);
    return command.run(args);
  });
}

/**
 * Imported lazily, because loading the local cloud takes longer than printing --help. It is a separate package: in the
 * npm package, `npm run build` turns this into an import of `session-socket-local/command`.
 */
async function loadLocal() {
  try {
    return await import('../local/command/run.ts');
  } catch (error) {
    if (!isMissing(error, 'session-socket-local')) throw error;
    throw new Error(
      'The package session-socket-local (the local cloud) is not installed. It is not on npm yet: run ' +
        '`npm pack -w session-socket-local` in a checkout of session-socket, then `npm install` the tarball.',
    );
  }
}

/** True only if the package itself is missing, not one of its dependencies: https://nodejs.org/api/errors.html#err_module_not_found */
function isMissing(error: unknown, name: string): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    error.code === 'ERR_MODULE_NOT_FOUND' &&
    error.message.includes(`'${name}'`)
  );
}

function print(text: string): number {
  console.log(text);
  return 0;
}

/** Resolved by package name, which finds the same file from the checkout and from the compiled code. */
function version(): string {
  return createRequire(import.meta.url)('session-socket/package.json').version;
}
