/**
 * Short names for logical ids: without CDK's hash and without the words that all ids share at the start or end. For
 * example, `SessionSocketAuthorizerFunctionE310AEC6` becomes `Authorizer`.
 * @returns unique names by logical id
 */
export function shortNames(logicalIds: readonly string[]): ReadonlyMap<string, string> {
  const split = logicalIds.map((id) => id.replace(/(?<=.)[0-9A-F]{8}$/, '').match(/[A-Z]*[^A-Z]*/g) ?? []);
  const words = split.map((each) => each.filter((word) => word !== ''));
  const first = sharedWords(words);
  const last = sharedWords(words.map((each) => each.slice(first).reverse()));
  const names = words.map((each) => each.slice(first, each.length - last).join(''));
  const isClear = new Set(names).size === names.length && !names.includes('');
  return new Map(logicalIds.map((id, index) => [id, (isClear ? names[index] : undefined) ?? id]));
}

/** The number of leading words that all share. */
function sharedWords([first = [], ...others]: readonly (readonly string[])[]): number {
  if (others.length === 0) return 0;
  const differs = first.findIndex((word, index) => others.some((other) => other[index] !== word));
  return differs === -1 ? first.length : differs;
}

/**
 * @param name a logical id, its short name, or a unique part of a logical id
 * @throws a sentence that lists all functions
 */
export function findFunctionId(name: string, logicalIds: readonly string[]): string {
  if (logicalIds.includes(name)) return name;
  const short = shortNames(logicalIds);
  const [called, ...others] = logicalIds.filter((id) => short.get(id) === name);
  if (called !== undefined && others.length === 0) return called;
  const [only, ...more] = logicalIds.filter((id) => id.includes(name));
  if (only !== undefined && more.length === 0) return only;
  const problem = only === undefined ? 'There is no function' : 'More than one function matches';
  throw new Error(`${problem} ${name}: ${[...short.values()].join(', ')}.`);
}
