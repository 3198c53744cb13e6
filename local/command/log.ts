import { stripVTControlCharacters } from 'node:util';
import { type Log, type LogEntry, shortNames } from '../index.ts';
import type { Paint, Style } from './colour.ts';
import { readFunctionLine } from './function-line.ts';

export interface TerminalLogOptions {
  /** The logical ids of all that will be heard of. */
  readonly functionIds: readonly string[];
  readonly paint: Paint;
  readonly write: (line: string) => void;
  readonly now?: () => Date;
}

interface Line {
  readonly who: string;
  readonly whoStyle: Style;
  readonly what: string;
  readonly style: Style;
}

/** None of them is red, which means failure. */
const functionColours: readonly Style[] = [
  'cyan',
  'magenta',
  'blue',
  'green',
  'yellow',
  'cyanBright',
  'magentaBright',
  'blueBright',
  'greenBright',
];
const narrowest = 12;
const widest = 32;

/** What the local cloud tells, as lines in columns: when, who, what. A function has the same colour at each start. */
export function createTerminalLog({ functionIds, paint, write, now = () => new Date() }: TerminalLogOptions): Log {
  const names = shortNames(functionIds);
  const nameOf = (id: string) => names.get(id) ?? id;
  const sorted = [...functionIds].sort();
  const colourOf = (id: string) => functionColours[Math.max(0, sorted.indexOf(id)) % functionColours.length] ?? 'cyan';
  const width = Math.min(widest, Math.max(narrowest, ...[...names.values()].map(({ length }) => length)));

  return (entry) => {
    const line = describe(entry, nameOf, colourOf);
    if (line === 'no news') return;
    const time = paint('dim', now().toTimeString().slice(0, 8));
    const [first = '', ...more] = printable(line.what).split('\n');
    write(`${time}  ${paint(line.whoStyle, line.who.padEnd(width))}  ${paint(line.style, first)}`);
    // What belongs to it, such as a stack trace, stays in its column.
    for (const each of more) write(`${' '.repeat(8 + 2 + width + 2)}${paint(line.style, each)}`);
  };
}

function describe(entry: LogEntry, nameOf: (id: string) => string, colourOf: (id: string) => Style): Line | 'no news' {
  const byFunction = (id: string, what: string, style: Style): Line => ({
    who: nameOf(id),
    whoStyle: colourOf(id),
    what,
    style,
  });
  const by = (who: string, what: string, style: Style): Line => ({ who, whoStyle: style, what, style });
  switch (entry.kind) {
    case 'function-output': {
      const line = readFunctionLine(entry.line);
      return line === undefined ? 'no news' : byFunction(entry.function, line.text, line.style);
    }
    case 'function-waiting':
      // That a queue has begun is news; each further one in it is not.
      if (entry.waiting > 1) return 'no news';
      return byFunction(entry.function, 'waits for a free environment', 'yellow');
    case 'function-failed':
      return byFunction(entry.function, `failed: ${entry.errorType}`, 'red');
    case 'function-reloaded':
      return byFunction(entry.function, 'runs its new code', 'green');
    case 'async-retry':
      return byFunction(entry.function, `failed; attempt ${entry.attempt} in ${entry.afterMs / 1000} s`, 'yellow');
    case 'async-abandoned':
      return byFunction(entry.function, `given up after ${entry.attempts} attempts`, 'red');
    case 'handshake':
      return by('handshake', `${entry.status} ${entry.reason}`, handshakeStyle(entry.status));
    case 'context-stringified':
      return by('authorizer', `${entry.authorizer}: its context becomes text (${entry.keys.join(', ')})`, 'yellow');
    case 'integration-failed':
      return by(entry.routeKey, `failed: ${entry.reason}`, 'red');
    case 'schedule':
      return by('schedule', `starts ${nameOf(entry.function)}`, 'dim');
    case 'schedule-refused':
      return by('schedule', `may not start ${nameOf(entry.function)}: no permission lets ${entry.rule} in`, 'red');
    case 'throttled':
      return by(entry.routeKey, 'refused: above the rate of the stage', 'yellow');
    case 'not-deployed':
      return by('not deployed', `the deployment ${entry.deployment} does not wait for ${entry.logicalId}`, 'yellow');
    case 'dynamodb-listens-everywhere':
      return by(
        'DynamoDB',
        `Local listens on every address, port ${entry.port}; its tables need a secret key`,
        'yellow',
      );
    case 'dynamodb-ended':
      return by('DynamoDB', entry.reason, 'red');
    case 'not-emulated':
      return by('not emulated', `${entry.what} (${entry.logicalId})`, 'yellow');
    case 'template-changed':
      return by('template', `the template changed: restart to use it (${entry.logicalIds.join(', ')})`, 'yellow');
  }
}

function handshakeStyle(status: number): Style {
  if (status === 101) return 'green';
  return status < 500 ? 'yellow' : 'red';
}

/** What a client sent may be in a function's line, and must not steer the terminal. */
function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is meant
  return stripVTControlCharacters(text).replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g, ' ');
}
