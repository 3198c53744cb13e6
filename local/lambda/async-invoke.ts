import type { Log } from '../log.ts';
import type { Stack } from '../template/stack.ts';
import type { LocalFunction } from './function.ts';

type Target = Pick<LocalFunction, 'logicalId' | 'invoke'>;

/** Lambda's queue for invocations whose caller does not wait. */
export interface AsyncInvoker {
  invoke(target: Target, payload: string): void;
  /** Forgets what waits for another attempt. */
  close(): void;
}

// "If the function returns an error, by default Lambda attempts to run it two more times, with a one-minute wait between
// the first two attempts, and two minutes between the second and third": docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
const defaultDelaysMs = [60_000, 120_000];
const defaultMaximumAgeSeconds = 21_600;

export function createAsyncInvoker(
  stack: Pick<Stack, 'ofType'>,
  functions: { find(nameOrArn: string): Target | undefined },
  log: Log,
  delaysMs: readonly number[] = defaultDelaysMs,
): AsyncInvoker {
  const configurations = new Map(
    stack.ofType('AWS::Lambda::EventInvokeConfig').map(({ logicalId, properties }) => {
      const qualifier = properties.optionalText('Qualifier') ?? '$LATEST';
      if (qualifier !== '$LATEST') {
        throw new Error(`${logicalId}.Qualifier: the qualifier ${qualifier} is not emulated: only $LATEST is.`);
      }
      const target = functions.find(properties.text('FunctionName'));
      if (target === undefined) throw new Error(`${logicalId}: FunctionName is no function of this stack.`);
      return [
        target,
        {
          retries: properties.optionalNumber('MaximumRetryAttempts') ?? delaysMs.length,
          maximumAgeMs: (properties.optionalNumber('MaximumEventAgeInSeconds') ?? defaultMaximumAgeSeconds) * 1000,
        },
      ];
    }),
  );
  const timers = new Set<NodeJS.Timeout>();
  let isClosed = false;

  async function attempt(target: Target, payload: string, number: number, queuedAtMs: number): Promise<void> {
    const { outcome } = await target.invoke(payload);
    if (outcome === 'returned' || isClosed) return;

    const { retries, maximumAgeMs } = configurations.get(target) ?? {
      retries: delaysMs.length,
      maximumAgeMs: defaultMaximumAgeSeconds * 1000,
    };
    const afterMs = delaysMs[number - 1];
    const isTooOld = afterMs !== undefined && Date.now() + afterMs - queuedAtMs > maximumAgeMs;
    if (afterMs === undefined || number > retries || isTooOld) {
      log({ kind: 'async-abandoned', function: target.logicalId, attempts: number });
      return;
    }
    log({ kind: 'async-retry', function: target.logicalId, attempt: number + 1, afterMs });
    const timer = setTimeout(() => {
      timers.delete(timer);
      start(target, payload, number + 1, queuedAtMs);
    }, afterMs);
    timers.add(timer);
  }

  /** An attempt that breaks off is one nobody will repeat: it must not end the process. */
  function start(target: Target, payload: string, number: number, queuedAtMs: number): void {
    attempt(target, payload, number, queuedAtMs).catch(() => {
      log({ kind: 'async-abandoned', function: target.logicalId, attempts: number });
    });
  }

  return {
    invoke: (target, payload) => start(target, payload, 1, Date.now()),
    close() {
      isClosed = true;
      for (const timer of timers) clearTimeout(timer);
      timers.clear();
    },
  };
}
