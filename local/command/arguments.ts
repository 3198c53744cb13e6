import { type ParseArgsConfig, parseArgs } from 'node:util';

/** A command line that makes no sense: told in one sentence, and the process ends with 2. */
export class UsageError extends Error {}

type Options = NonNullable<ParseArgsConfig['options']>;
type Parsed<O extends Options> = ReturnType<
  typeof parseArgs<{ args: string[]; allowNegative: true; allowPositionals: true; options: O }>
>;

/**
 * Only options, `--no-…` included.
 * @throws {UsageError}
 */
export function readOptions<const O extends Options>(args: readonly string[], options: O): Parsed<O>['values'] {
  return explain(() => parseArgs({ args: [...args], allowNegative: true, options }).values);
}

/**
 * Options, and words before, between and after them.
 * @throws {UsageError}
 */
export function readOptionsAndWords<const O extends Options>(
  args: readonly string[],
  options: O,
): { readonly values: Parsed<O>['values']; readonly words: Parsed<O>['positionals'] } {
  const parse = () => parseArgs({ args: [...args], allowNegative: true, allowPositionals: true, options });
  const { values, positionals } = explain(parse);
  return { values, words: positionals };
}

function explain<Result>(parse: () => Result): Result {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof TypeError) || !('code' in error)) throw error;
    // Node's own words go on with advice about positional arguments.
    throw new UsageError(`${error.message.split(/\.\s/)[0]?.replace(/\.$/, '')}.`);
  }
}

/** @throws {UsageError} */
export function readPort(option: string, text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(port <= 65_535)) throw new UsageError(`${option} is a number from 0 to 65535, not "${text}".`);
  return port;
}

/** @throws {UsageError} */
export function readChoice<const C extends string>(option: string, choices: readonly C[], text: string): C {
  const chosen = choices.find((choice) => choice === text);
  if (chosen === undefined) throw new UsageError(`${option} is ${choices.join(' or ')}, not "${text}".`);
  return chosen;
}

/**
 * Prints what went wrong as a sentence.
 * @param program how it was called: the first word is printed before the sentence
 * @returns the process's exit code: 2 for a wrong command line, 1 for the rest
 */
export async function exitCodeOf(work: () => Promise<number>, program = 'session-socket'): Promise<number> {
  try {
    return await work();
  } catch (error) {
    const isUsage = error instanceof UsageError;
    const hint = isUsage ? '\n  --help says what there is.\n' : '';
    console.error(`\n${program.split(' ')[0]}: ${error instanceof Error ? error.message : error}\n${hint}`);
    return isUsage ? 2 : 1;
  }
}
