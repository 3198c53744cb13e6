/** What the local cloud tells of itself. Never a body, a cookie, a query string or a token. */
export type LogEntry =
  /** One line that a function wrote to its log. */
  | { readonly kind: 'function-output'; readonly function: string; readonly line: string }
  /** An invocation waits for a free environment, as many functions do under load on one machine. */
  | { readonly kind: 'function-waiting'; readonly function: string; readonly waiting: number }
  /** An invocation ended without a result: an error of the handler, a timeout, a crash. */
  | { readonly kind: 'function-failed'; readonly function: string; readonly errorType: string }
  /** An asynchronous invocation failed and is tried again, or given up. */
  | { readonly kind: 'async-retry'; readonly function: string; readonly attempt: number; readonly afterMs: number }
  | { readonly kind: 'async-abandoned'; readonly function: string; readonly attempts: number }
  /** AWS's DynamoDB Local has ended, though nobody asked it to: every call fails from now on. */
  | { readonly kind: 'dynamodb-ended'; readonly reason: string }
  /** The HTTP status that a WebSocket handshake got, and why when it is not 101. */
  | { readonly kind: 'handshake'; readonly status: number; readonly reason: string }
  /** Numbers or booleans of an authorizer's context reach the events as text. Said once for each set of keys. */
  | { readonly kind: 'context-stringified'; readonly authorizer: string; readonly keys: readonly string[] }
  /** A message or `$disconnect` integration did not give a usable result. */
  | { readonly kind: 'integration-failed'; readonly routeKey: string; readonly reason: string }
  /** A rule's schedule came due. */
  | { readonly kind: 'schedule'; readonly rule: string; readonly function: string }
  /** A route that the stage's deployment does not wait for: on AWS it comes too late, and is not there. */
  | { readonly kind: 'not-deployed'; readonly logicalId: string; readonly deployment: string }
  /** A request above the stage's throttle was refused. */
  | { readonly kind: 'throttled'; readonly routeKey: string }
  /** AWS's DynamoDB Local can be reached from other machines; what it keeps for us can not. Said once, at start. */
  | { readonly kind: 'dynamodb-listens-everywhere'; readonly port: number }
  /** A rule came due and the function's policy does not let it in: an AWS::Lambda::Permission is missing. */
  | { readonly kind: 'schedule-refused'; readonly rule: string; readonly function: string }
  /** The template asks for something that this machine does not do. Said once, at start. */
  | { readonly kind: 'not-emulated'; readonly logicalId: string; readonly what: string }
  /** The code of a function changed on disk; from its next invocation on it runs the new one. */
  | { readonly kind: 'function-reloaded'; readonly function: string }
  /** The assembly on disk asks for something else than what runs; what it asks for comes with a restart. */
  | { readonly kind: 'template-changed'; readonly logicalIds: readonly string[] };

export type Log = (entry: LogEntry) => void;
