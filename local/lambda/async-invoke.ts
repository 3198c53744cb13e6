import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { parseJson } from '../http/input.ts';
import type { Log } from '../log.ts';
import { readProperties, type Stack, type StackResource } from '../template/stack.ts';
import type { LocalFunction } from './function.ts';
import type { InvocationResult } from './invocation.ts';

export type AsyncTarget = Pick<LocalFunction, 'logicalId' | 'arn' | 'reservedConcurrency' | 'invoke'>;

/** A function's EventInvokeConfig, with AWS's defaults. */
interface AsyncConfiguration {
  readonly retries: number;
  readonly maximumAgeMs: number;
  readonly onSuccess?: AsyncTarget | undefined;
  readonly onFailure?: AsyncTarget | undefined;
}

/** https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-configuring.html */
const defaultConfiguration: AsyncConfiguration = { retries: 2, maximumAgeMs: 21_600_000 };

/** @throws with logical id and path of a setting that is not emulated */
function readAsyncConfigurations(
  stack: Pick<Stack, 'ofType'>,
  functions: { find(nameOrArn: string): AsyncTarget | undefined },
): ReadonlyMap<AsyncTarget, AsyncConfiguration> {
  return new Map(
    stack.ofType('AWS::Lambda::EventInvokeConfig').map(({ logicalId, properties }) => {
      const qualifier = properties.optionalText('Qualifier') ?? '$LATEST';
      if (qualifier !== '$LATEST') {
        throw new Error(`${logicalId}.Qualifier: the qualifier ${qualifier} is not emulated: only $LATEST is.`);
      }
      const target = functions.find(properties.text('FunctionName'));
      if (target === undefined) throw new Error(`${logicalId}: FunctionName is not a function of this stack.`);

      const maximumAgeSeconds = properties.optionalNumber('MaximumEventAgeInSeconds');
      return [
        target,
        {
          retries: properties.optionalNumber('MaximumRetryAttempts') ?? defaultConfiguration.retries,
          maximumAgeMs: maximumAgeSeconds === undefined ? defaultConfiguration.maximumAgeMs : maximumAgeSeconds * 1000,
          onSuccess: readDestination({ logicalId, properties }, 'OnSuccess', functions),
          onFailure: readDestination({ logicalId, properties }, 'OnFailure', functions),
        },
      ];
    }),
  );
}

function readDestination(
  { logicalId, properties }: Pick<StackResource, 'logicalId' | 'properties'>,
  when: 'OnSuccess' | 'OnFailure',
  functions: { find(nameOrArn: string): AsyncTarget | undefined },
): AsyncTarget | undefined {
  const path = `${logicalId}.DestinationConfig`;
  const all = readProperties(Object(properties.value('DestinationConfig') ?? {}), path);
  if (all.value(when) === undefined) return undefined;

  const { text } = readProperties(Object(all.value(when)), `${path}.${when}`);
  const arn = text('Destination');
  const found = functions.find(arn);
  if (found !== undefined) return found;
  throw new Error(`${path}.${when}.Destination: ${arn} is not emulated: only functions of this stack are.`);
}

/** Lambda's queue for asynchronous invocations. */
export interface AsyncInvoker {
  /** @param requestId the id that the caller already has */
  invoke(target: AsyncTarget, payload: string, requestId?: string): void;
  /** Cancels waiting retries. */
  close(): void;
}

/** An event, the same for all attempts. */
interface QueuedEvent {
  readonly target: AsyncTarget;
  readonly payload: string;
  readonly requestId: string;
  readonly queuedAtMs: number;
  readonly configuration: AsyncConfiguration;
  /** The number of runs. */
  attempts: number;
  /** The number of throttled attempts. */
  throttles: number;
}

type Condition = 'Success' | 'RetriesExhausted' | 'EventAgeExceeded' | 'ZeroReservedConcurrency';

// "…by default Lambda attempts to run it two more times, with a one-minute wait between the first two attempts, and two
// minutes between the second and third. […] For throttling errors (429) […] The retry interval increases exponentially from
// 1 second after the first attempt to a maximum of 5 minutes": docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
const retryDelaysMs = [60_000, 120_000];
const firstThrottleDelayMs = 1000;
const longestThrottleDelayMs = 300_000;

export function createAsyncInvoker(
  stack: Pick<Stack, 'ofType'>,
  functions: { find(nameOrArn: string): AsyncTarget | undefined },
  log: Log,
  clock: Clock,
): AsyncInvoker {
  const configurations = readAsyncConfigurations(stack, functions);
  const waiting = new Set<() => void>();
  let isClosed = false;

  async function attempt(event: QueuedEvent): Promise<void> {
    const result = await event.target.invoke(event.payload, event.requestId);
    if (isClosed) return;
    if (result.outcome === 'failed' && result.isThrottled) {
      // "Lambda begins sending new events to the […] on-failure event destination, without any retries":
      // https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
      if (event.target.reservedConcurrency === 0) return abandon(event, 'ZeroReservedConcurrency', undefined);
      const afterMs = Math.min(firstThrottleDelayMs * 2 ** event.throttles, longestThrottleDelayMs);
      event.throttles += 1;
      return retry(event, afterMs, result);
    }
    event.attempts += 1;
    if (result.outcome === 'returned') return sendTo(event.configuration.onSuccess, event, 'Success', result);

    const afterMs = retryDelaysMs[event.attempts - 1];
    if (afterMs === undefined || event.attempts > event.configuration.retries) {
      return abandon(event, 'RetriesExhausted', result);
    }
    retry(event, afterMs, result);
  }

  function retry(event: QueuedEvent, afterMs: number, result: InvocationResult): void {
    const isTooOld = clock.now() + afterMs - event.queuedAtMs > event.configuration.maximumAgeMs;
    if (isTooOld) {
      abandon(event, 'EventAgeExceeded', result);
      return;
    }
    const nextAttempt = event.attempts + event.throttles + 1;
    log({ kind: 'async-retry', function: event.target.logicalId, attempt: nextAttempt, afterMs });
    const forget = clock.after(afterMs, () => {
      waiting.delete(forget);
      start(event);
    });
    waiting.add(forget);
  }

  function abandon(event: QueuedEvent, condition: Condition, result: InvocationResult | undefined): void {
    log({ kind: 'async-abandoned', function: event.target.logicalId, attempts: event.attempts + event.throttles });
    sendTo(event.configuration.onFailure, event, condition, result);
  }

  function sendTo(
    destination: AsyncTarget | undefined,
    event: QueuedEvent,
    condition: Condition,
    result: InvocationResult | undefined,
  ): void {
    if (destination !== undefined) enqueue(destination, invocationRecord(event, condition, result, clock));
  }

  /** An unexpected error abandons the event. It must not end the process. */
  function start(event: QueuedEvent): void {
    attempt(event).catch(() => {
      log({ kind: 'async-abandoned', function: event.target.logicalId, attempts: event.attempts + 1 });
    });
  }

  function enqueue(target: AsyncTarget, payload: string, requestId: string = randomUUID()): void {
    const configuration = configurations.get(target) ?? defaultConfiguration;
    start({ target, payload, requestId, queuedAtMs: clock.now(), configuration, attempts: 0, throttles: 0 });
  }

  return {
    invoke: enqueue,
    close() {
      isClosed = true;
      for (const forget of waiting) forget();
      waiting.clear();
    },
  };
}

/**
 * The format of https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html. AWS does not document
 * the record of an event that never ran. Here it has no response.
 */
function invocationRecord(
  { target, payload, requestId, attempts }: QueuedEvent,
  condition: Condition,
  result: InvocationResult | undefined,
  clock: Clock,
): string {
  const hasRun = result !== undefined && !(result.outcome === 'failed' && result.isThrottled);
  const record = {
    version: '1.0',
    timestamp: new Date(clock.now()).toISOString(),
    requestContext: {
      requestId,
      functionArn: `${target.arn}:$LATEST`,
      condition,
      approximateInvokeCount: attempts,
    },
    ...(hasRun
      ? {
          responseContext: {
            statusCode: 200,
            executedVersion: '$LATEST',
            ...(result.outcome === 'failed' ? { functionError: 'Unhandled' } : {}),
          },
        }
      : {}),
  };
  const response = hasRun ? payloadField('responsePayload', result.payload) : '';
  return `${JSON.stringify(record).slice(0, -1)}${payloadField('requestPayload', payload)}${response}}`;
}

/** Inserts the payload as text, because Node can parse deeply nested JSON but not always write it. */
function payloadField(name: string, payload: string): string {
  return parseJson(payload) === undefined ? '' : `,"${name}":${payload}`;
}
