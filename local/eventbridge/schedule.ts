import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { InvokePermissions } from '../iam/invoke-permissions.ts';
import type { AsyncInvoker } from '../lambda/async-invoke.ts';
import type { LocalFunction } from '../lambda/function.ts';
import type { Functions } from '../lambda/functions.ts';
import type { Log } from '../log.ts';
import type { Value } from '../template/resolve.ts';
import { isObject, readProperties, type Stack, type StackResource } from '../template/stack.ts';

/** Returns a rule's next due time. @param sinceMs the last due time, or the creation of the rule */
export type Schedule = (sinceMs: number) => number;

const minuteMs = 60_000;

/** @throws for an expression that is not emulated */
export function parseSchedule(expression: string): Schedule {
  // https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
  const rate = /^rate\(([1-9]\d*) (minutes?)\)$/.exec(expression);
  if (rate !== null && (rate[1] === '1') === (rate[2] === 'minute')) {
    return (sinceMs) => sinceMs + Number(rate[1]) * minuteMs;
  }
  if (expression === 'cron(* * * * ? *)') return (sinceMs) => (Math.floor(sinceMs / minuteMs) + 1) * minuteMs;
  throw new Error(`the schedule ${expression} is not emulated.`);
}

interface Target {
  readonly function: LocalFunction;
  readonly input: string | undefined;
}

/** @returns a function that stops all schedules */
export function startSchedules(
  stack: Stack,
  functions: Functions,
  invoker: AsyncInvoker,
  clock: Clock,
  localize: (value: string) => string,
  log: Log,
  permissions: Pick<InvokePermissions, 'mayInvoke'>,
): () => void {
  const waiting = new Map<string, () => void>();

  for (const rule of stack.ofType('AWS::Events::Rule')) {
    const { logicalId, properties } = rule;
    const schedule = scheduleOf(rule);
    const targets = readTargets(rule, functions, localize);
    const state = properties.optionalText('State') ?? 'ENABLED';
    if (state === 'DISABLED') continue;
    if (state !== 'ENABLED') throw new Error(`${logicalId}.State: ${state} is not emulated.`);

    const wait = (dueMs: number) => {
      const forget = clock.after(dueMs - clock.now(), () => run(dueMs));
      waiting.set(logicalId, forget);
    };
    const run = (dueMs: number) => {
      // Based on the due time, because a timer may be early or late. After sleep, missed runs are skipped.
      const nextMs = schedule(dueMs);
      wait(nextMs < clock.now() ? schedule(clock.now()) : nextMs);
      for (const { function: target, input } of targets) {
        // docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html; that EventBridge tries again for a day
        // is not emulated.
        if (!permissions.mayInvoke(asInvoking(rule, stack.accountId), target.arn)) {
          log({ kind: 'schedule-refused', rule: logicalId, function: target.logicalId });
          continue;
        }
        log({ kind: 'schedule', rule: logicalId, function: target.logicalId });
        invoker.invoke(target, input ?? scheduledEvent(rule, stack, dueMs));
      }
    };
    wait(schedule(clock.now()));
  }

  return () => {
    for (const forget of waiting.values()) forget();
  };
}

function asInvoking({ attribute }: StackResource, sourceAccount: string) {
  return { service: 'events.amazonaws.com', sourceArn: attribute('Arn'), sourceAccount };
}

function scheduleOf({ logicalId, properties }: StackResource): Schedule {
  try {
    return parseSchedule(properties.text('ScheduleExpression'));
  } catch (error) {
    throw new Error(`${logicalId}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function readTargets(
  { logicalId, properties }: StackResource,
  functions: Functions,
  localize: (value: string) => string,
): readonly Target[] {
  const known = ['Arn', 'Id', 'Input', 'RetryPolicy'];
  const targets = properties.value('Targets') ?? [];
  if (!Array.isArray(targets)) throw new Error(`${logicalId}.Targets must be a list.`);
  return targets.map((target: Value, index) => {
    const path = `${logicalId}.Targets[${index}]`;
    if (!isObject(target)) throw new Error(`${path} must be an object.`);
    const unknown = Object.keys(target).find((name) => !known.includes(name));
    if (unknown !== undefined) throw new Error(`${path}: the property ${unknown} is not emulated.`);
    const { text, optionalText } = readProperties(target, path);
    const found = functions.find(text('Arn'));
    if (found === undefined) throw new Error(`${path}: only functions of this stack can be targets.`);
    const input = optionalText('Input');
    return { function: found, input: input === undefined ? undefined : localize(input) };
  });
}

/** https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-run-lambda-schedule.html */
function scheduledEvent(rule: StackResource, { region, accountId }: Stack, dueMs: number): string {
  return JSON.stringify({
    version: '0',
    id: randomUUID(),
    'detail-type': 'Scheduled Event',
    source: 'aws.events',
    account: accountId,
    time: `${new Date(dueMs).toISOString().slice(0, 19)}Z`,
    region,
    resources: [rule.attribute('Arn')],
    detail: {},
  });
}
