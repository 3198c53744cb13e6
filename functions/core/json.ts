/** The fields of an object that came over the wire, none of which may be there. */
export type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Anything that is no object has no fields. */
export function fieldsOf(value: unknown): Fields {
  return isFields(value) ? value : {};
}

/**
 * Levels of objects and lists: with its default depth of 512 PHP reads 511 (https://www.php.net/manual/en/function.json-decode.php). Node
 * reads any number, but may overflow the stack when it writes them again, and how many it can write differs from version to version.
 */
const maxLevels = 511;

/** @throws SyntaxError also for what is nested too deep */
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

/** Undefined when the text is no object of JSON. */
export function fieldsIn(text: string): Fields | undefined {
  try {
    const value = parseJson(text);
    return isFields(value) ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Nothing, or text of that form. */
export function isAbsentOr(form: RegExp, value: unknown): value is string | undefined {
  return value === undefined || (typeof value === 'string' && form.test(value));
}
