import type { LogEntry } from '../local/index.ts';

const dim = (text: string) => (process.stdout.isTTY ? `\u001b[2m${text}\u001b[0m` : text);

/** One line of the terminal for what the local cloud tells. */
export function describeEntry(entry: LogEntry): string {
  const time = dim(new Date().toTimeString().slice(0, 8));
  const [who, what] = describe(entry);
  return `${time}  ${who.padEnd(12)}  ${what}`;
}

function describe(entry: LogEntry): readonly [who: string, what: string] {
  switch (entry.kind) {
    case 'function-output':
      return [shorten(entry.function), dim(summarize(entry.line))];
    case 'function-waiting':
      return [shorten(entry.function), `waits for a free environment (${entry.waiting} waiting)`];
    case 'function-failed':
      return [shorten(entry.function), `failed: ${entry.errorType}`];
    case 'async-retry':
      return [shorten(entry.function), `attempt ${entry.attempt} failed; again in ${entry.afterMs} ms`];
    case 'async-abandoned':
      return [shorten(entry.function), `given up after ${entry.attempts} attempts`];
    case 'handshake':
      return ['handshake', `${entry.status} ${entry.reason}`];
    case 'integration-failed':
      return [entry.routeKey, `failed: ${entry.reason}`];
    case 'schedule':
      return ['schedule', `starts ${shorten(entry.function)}`];
    case 'not-deployed':
      return ['not deployed', `the deployment ${entry.deployment} does not wait for ${entry.logicalId}`];
    case 'throttled':
      return [entry.routeKey, 'refused: above the rate of the stage'];
    case 'dynamodb-listens-everywhere':
      return ['DynamoDB', `Local listens on every address, port ${entry.port}; its tables need a secret key`];
    case 'schedule-refused':
      return ['schedule', `may not start ${shorten(entry.function)}: no AWS::Lambda::Permission lets ${entry.rule} in`];
    case 'not-emulated':
      return ['not emulated', `${entry.what} (${entry.logicalId})`];
  }
}

/** `SessionSocketAuthorizerFunctionE310AEC6` → `Authorizer`. */
function shorten(logicalId: string): string {
  return logicalId.replace(/^SessionSocket/, '').replace(/Function[0-9A-F]{8}$/, '');
}

/** What Lambda says of every invocation, whoever asked. */
const ofEveryInvocation = /^((INIT_START|START|END|REPORT) (?!.*\tStatus: )|\{"time":"[^"]+","type":"platform\.)/;

/** Whether a person who watches would rather not see it. */
export function isRoutine(entry: LogEntry): boolean {
  return entry.kind === 'function-output' && ofEveryInvocation.test(entry.line);
}

/**
 * Our functions log JSON with many fields, and the runtime writes time, request id and level before what goes through
 * `console`; a person wants the message and what tells it from the next.
 */
function summarize(line: string): string {
  const text = line.replace(/^\S+Z\t\S+\t[A-Z]+\t/, '');
  try {
    const { message, reason, code, connectionId } = JSON.parse(text);
    return [message, code, reason, connectionId].filter((part) => part !== undefined && part !== '').join('  ');
  } catch {
    return text;
  }
}
