import fc from 'fast-check';

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ %\0\né';

/** Mutations of two tickets that a stranger can make. Some change nothing, so compare before you judge. */
export function mutationsOf(ticket: string, other: string): fc.Arbitrary<string> {
  const place = fc.nat(ticket.length - 1);
  const letter = fc.constantFrom(...letters);
  const [version = '', kid = '', body = ''] = ticket.split('.');
  const bytes = Buffer.from(body, 'base64url');
  const rebuilt = (changed: Uint8Array) => `${version}.${kid}.${Buffer.from(changed).toString('base64url')}`;
  const offset = fc.nat(bytes.length - 1);

  return fc.oneof(
    fc.tuple(place, letter).map(([at, by]) => ticket.slice(0, at) + by + ticket.slice(at + 1)),
    fc.tuple(place, letter).map(([at, by]) => ticket.slice(0, at) + by + ticket.slice(at)),
    fc.tuple(place, place).map(([from, to]) => ticket.slice(0, from) + ticket.slice(to)),
    fc.tuple(place, place).map(([from, to]) => ticket.slice(from, to)),
    fc.tuple(place, place).map(([mine, theirs]) => ticket.slice(0, mine) + other.slice(theirs)),
    fc.tuple(offset, fc.integer({ min: 1, max: 255 })).map(([at, by]) => {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ by;
      return rebuilt(changed);
    }),
    fc.tuple(offset, offset).map(([from, to]) => rebuilt(Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]))),
    fc.tuple(fc.constantFrom('t1', 't0', 'T1', 'v1', ''), letter).map(([head, by]) => `${head}.${kid}${by}.${body}`),
    fc.uint8Array({ maxLength: 400 }).map(rebuilt),
  );
}
