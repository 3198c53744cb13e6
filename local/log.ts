/** The log entries of the local cloud. They never contain a body, cookie, query string or token. */
export type LogEntry =
  /** One line of a function's log. */
  | { readonly kind: 'function-output'; readonly function: string; readonly line: string }
  /** An invocation waits for a free environment. */
  | { readonly kind: 'function-waiting'; readonly function: string; readonly waiting: number }
  /** An invocation failed: an error of the handler, a timeout, a crash. */
  | { readonly kind: 'function-failed'; readonly function: string; readonly errorType: string }
  /** An asynchronous invocation failed and is retried or abandoned. */
  | { readonly kind: 'async-retry'; readonly function: string; readonly attempt: number; readonly afterMs: number }
  | { readonly kind: 'async-abandoned'; readonly function: string; readonly attempts: number }
  /** AWS's DynamoDB Local exited unexpectedly. All further calls fail. */
  | { readonly kind: 'dynamodb-ended'; readonly reason: string }
  /** The HTTP status of a WebSocket handshake, and the reason if it is not 101. */
  | { readonly kind: 'handshake'; readonly status: number; readonly reason: string }
  /** Numbers or booleans of an authorizer's context became strings. Logged once per set of keys. */
  | { readonly kind: 'context-stringified'; readonly authorizer: string; readonly keys: readonly string[] }
  /** A message or `$disconnect` integration returned no usable result. */
  | { readonly kind: 'integration-failed'; readonly routeKey: string; readonly reason: string }
  /** A rule's schedule came due. */
  | { readonly kind: 'schedule'; readonly rule: string; readonly function: string }
  /** A route without a `DependsOn` from the stage's deployment. On AWS it would not be deployed. */
  | { readonly kind: 'not-deployed'; readonly logicalId: string; readonly deployment: string }
  /** A request above the stage's throttle was rejected. */
  | { readonly kind: 'throttled'; readonly routeKey: string }
  /** Other machines can reach AWS's DynamoDB Local, but not our tables in it. Logged once, at start. */
  | { readonly kind: 'dynamodb-listens-everywhere'; readonly port: number }
  /** A rule may not invoke its function, because an AWS::Lambda::Permission is missing. */
  | { readonly kind: 'schedule-refused'; readonly rule: string; readonly function: string }
  /** The template uses a feature that is not emulated. Logged once, at start. */
  | { readonly kind: 'not-emulated'; readonly logicalId: string; readonly what: string }
  /** A function's code changed on disk. Its next invocation runs the new code. */
  | { readonly kind: 'function-reloaded'; readonly function: string }
  /** The assembly on disk differs from the running one. A restart applies the changes. */
  | { readonly kind: 'template-changed'; readonly logicalIds: readonly string[] };

export type Log = (entry: LogEntry) => void;
