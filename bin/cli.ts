import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { exitCodeOf, UsageError } from './arguments.ts';

interface Command {
  readonly summary: string;
  /** Answers `--help` as well. @returns the exit code, when there is nothing left to do */
  run(args: readonly string[]): Promise<number>;
}

const commands: Readonly<Record<string, Command>> = {
  local: {
    summary: 'run a synthesized CDK app on this machine',
    // Late, because loading the local cloud takes longer than answering --help.
    run: async (args) => (await import('./run-assembly.ts')).runLocal(args),
  },
  doctor: {
    summary: 'ask a running PHP app whether it is ready for the gateway',
    run: async (args) => (await import('./doctor/run.ts')).runDoctor(args),
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

function say(text: string): number {
  console.log(text);
  return 0;
}

function version(): string {
  return JSON.parse(readFileSync(join(import.meta.dirname, '..', 'package.json'), 'utf8')).version;
}
