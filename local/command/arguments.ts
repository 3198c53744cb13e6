import { type ParseArgsConfig, parseArgs } from 'node:util';

/** An invalid command line. The process prints the sentence and exits with 2. */
export class UsageError extends Error {}

type Options = NonNullable<ParseArgsConfig['options']>;
type Parsed<O extends Options> = ReturnType<
  typeof parseArgs<{ args: string[]; allowNegative: true; allowPositionals: true; options: O }>
>;

/**
 * Options only, including `--no-…`.
 * @throws {UsageError}
 */
export function readOptions<const O extends Options>(args: readonly string[], options: O): Parsed<O>['values'] {
  return explain(() => parseArgs({ args: [...args], allowNegative: true, options }).values);
}

/**
 * Options and positional words in any order.
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
    // Node's own message continues with advice about positional arguments.
    throw new UsageError(`${error.message.split(/\.\s/)[0]?.replace(/\.$/, '')}.`);
  }
}

/** @throws {UsageError} */
export function readPort(option: string, text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(port <= 65_535)) throw new UsageError(`${option} must be a number from 0 to 65535, not "${text}".`);
  return port;
}

/** @throws {UsageError} */
export function readChoice<const C extends string>(option: string, choices: readonly C[], text: string): C {
  const chosen = choices.find((choice) => choice === text);
  if (chosen === undefined) throw new UsageError(`${option} must be ${choices.join(' or ')}, not "${text}".`);
  return chosen;
}

/**
 * Prints an error as one sentence.
 * @param program the command as typed; its first word is printed before the sentence
 * @returns the exit code: 2 for an invalid command line, 1 for other errors
 */
export async function exitCodeOf(work: () => Promise<number>, program = 'session-socket'): Promise<number> {
  try {
    return await work();
  } catch (error) {
    const isUsage = error instanceof UsageError;
    const hint = isUsage ? '\n  --help lists the options.\n' : '';
    console.error(`\n${program.split(' ')[0]}: ${error instanceof Error ? error.message : error}\n${hint}`);
    return isUsage ? 2 : 1;
  }
}
