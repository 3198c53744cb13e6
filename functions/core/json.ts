/** The fields of an object from outside. Any of them may be missing. */
export type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A value that is not an object has no fields. */
export function fieldsOf(value: unknown): Fields {
  return isFields(value) ? value : {};
}

/**
 * Levels of objects and lists. With its default depth of 512, PHP reads 511
 * (https://www.php.net/manual/en/function.json-decode.php). Node reads any number, but its stack may overflow when it
 * writes them. How many it can write depends on its version.
 */
const maxLevels = 511;

/** @throws SyntaxError also when the value is nested too deeply */
export function parseJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  // A level takes two characters.
  if (text.length < 2 * maxLevels || isWithin(value, maxLevels)) return value;
  throw new SyntaxError(`More than ${maxLevels} levels`);
}

function isWithin(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return levels > 0 && Object.values(value).every((each) => isWithin(each, levels - 1));
}

/** Undefined when the text is not a JSON object. */
export function fieldsIn(text: string): Fields | undefined {
  try {
    const value = parseJson(text);
    return isFields(value) ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** True when the value is undefined, or a string that matches `form`. */
export function isAbsentOr(form: RegExp, value: unknown): value is string | undefined {
  return value === undefined || (typeof value === 'string' && form.test(value));
}
