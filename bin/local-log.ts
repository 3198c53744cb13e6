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
    case 'dynamodb-listens-everywhere':
      return ['DynamoDB', `Local listens on every address, port ${entry.port}; its tables need a secret key`];
    case 'dynamodb-ended':
      return ['DynamoDB', entry.reason];
    case 'not-emulated':
      return ['not emulated', `${entry.what} (${entry.logicalId})`];
  }
}

/** `SessionSocketAuthorizerFunctionE310AEC6` → `Authorizer`. */
function shorten(logicalId: string): string {
  return logicalId.replace(/^SessionSocket/, '').replace(/Function[0-9A-F]{8}$/, '');
}

/** Our functions log JSON with many fields; a person wants the message and what tells it from the next. */
function summarize(line: string): string {
  try {
    const { message, reason, code, connectionId } = JSON.parse(line);
    return [message, code, reason, connectionId].filter((part) => part !== undefined && part !== '').join('  ');
  } catch {
    return line;
  }
}
