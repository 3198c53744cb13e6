import { createFaults, type Fault, serviceNames } from '../index.ts';
import { UsageError } from './arguments.ts';

type Kind = Fault['kind'];
type What<K extends Kind> = Omit<Extract<Fault, { kind: K }>, 'kind' | 'probability' | 'times'>;

/** The syntax of one kind of fault, and its parser. */
interface Form<K extends Kind> {
  readonly form: string;
  readonly means: string;
  /** Undefined if there are too many or too few parts. */
  read(parts: readonly string[]): What<K> | undefined;
}

const forms: { readonly [K in Kind]: Form<K> } = {
  'drop-disconnect': {
    form: 'drop-disconnect',
    means: '$disconnect does not run for a closed connection',
    read: (parts) => (parts.length === 0 ? {} : undefined),
  },
  cut: {
    form: 'cut',
    means: 'a socket is closed without a close frame when a message passes',
    read: (parts) => (parts.length === 0 ? {} : undefined),
  },
  delay: {
    form: 'delay:SERVICE:TIME',
    means: 'a service answers later by TIME',
    read: ([service, time, ...more]) =>
      service === undefined || time === undefined || more.length > 0
        ? undefined
        : { service: readService(service), ms: readTime(time) },
  },
  fail: {
    form: 'fail:SERVICE',
    means: 'a service answers with a 500',
    read: ([service, ...more]) =>
      service === undefined || more.length > 0 ? undefined : { service: readService(service) },
  },
  throttle: {
    form: 'throttle:SERVICE',
    means: 'a service throttles a request',
    read: ([service, ...more]) =>
      service === undefined || more.length > 0 ? undefined : { service: readService(service) },
  },
  kill: {
    form: 'kill[:FUNCTION]',
    means: "a function's process dies during an invocation",
    read: ([name, ...more]) => (more.length > 0 || name === '' ? undefined : readFunction(name)),
  },
  skew: {
    form: 'skew:TIME[:FUNCTION]',
    means: "the functions' clock is ahead by TIME, or behind with -TIME",
    read: ([time, name, ...more]) =>
      time === undefined || more.length > 0 || name === '' ? undefined : { ms: readTime(time), ...readFunction(name) },
  },
};

/** For `--help`. */
export const faultHelp = [
  ...Object.values(forms).map(({ form, means }) => `  ${form.padEnd(22)}${means}`),
  `  SERVICE is ${serviceNames.join(', ')}; TIME is like 200ms, 5s or 2m.`,
  '  @10% applies a fault to one call in ten, x3 to at most three calls: fail:dynamodb@10%x3',
].join('\n');

/**
 * Parses `delay:dynamodb:200ms@10%x3`. For a function whose name ends like `x3`, write `kill:Box3@100%`.
 * @throws {UsageError}
 */
export function parseFault(text: string): Fault {
  try {
    const fault = read(text);
    // The local cloud rejects values that are out of range.
    createFaults(0).inject(fault);
    return fault;
  } catch (error) {
    throw new UsageError(`--fault ${text}: ${error instanceof Error ? error.message : error}`);
  }
}

function read(text: string): Fault {
  const suffixes = suffixed.exec(text)?.groups;
  if (suffixes === undefined) throw new UsageError('this is not a fault. Write it like fail:dynamodb@10%x3.');
  const { what = '', percent, times } = suffixes;
  const [kind = '', ...parts] = what.split(':');
  const form = isKind(kind) ? forms[kind] : undefined;
  if (form === undefined) throw new UsageError(`unknown fault. Use ${Object.keys(forms).join(', ')}.`);
  const rest = form.read(parts);
  if (rest === undefined) throw new UsageError(`write it as ${form.form}.`);
  return {
    kind,
    ...rest,
    ...(percent === undefined ? {} : { probability: readPercent(percent) }),
    ...(times === undefined ? {} : { times: readTimes(times) }),
  } as Fault;
}

const suffixed = /^(?<what>[^@\s]+?)\s*(?:@(?<percent>[^%@]*)%)?\s*(?:x(?<times>\d+))?$/;

function isKind(text: string): text is Kind {
  return Object.hasOwn(forms, text);
}

function readService(text: string) {
  const service = serviceNames.find((name) => name === text);
  if (service === undefined) throw new UsageError(`unknown service "${text}". Use ${serviceNames.join(', ')}.`);
  return service;
}

const unitsMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

function readTime(text: string): number {
  const [, number, unit] = /^(-?\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text) ?? [];
  if (unit === undefined) throw new UsageError(`a time must be like 200ms, 5s or 2m, not "${text}".`);
  return Number(number) * unitsMs[unit as keyof typeof unitsMs];
}

function readFunction(name: string | undefined): { readonly function?: string } {
  return name === undefined ? {} : { function: name };
}

function readPercent(text: string): number {
  const percent = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!(percent <= 100)) throw new UsageError(`the percentage must be 0% to 100%, not "${text}%".`);
  return percent / 100;
}

function readTimes(text: string): number {
  if (Number(text) === 0) throw new UsageError('x0 has no effect. Use x1 or more.');
  return Number(text);
}
