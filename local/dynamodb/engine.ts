/** One call of DynamoDB's API. */
export interface Call {
  /** Such as `DynamoDB_20120810.PutItem`. */
  readonly target: string;
  /** The last part of the target. */
  readonly operation: string;
  /** What `body` says, parsed. The engine may change it. */
  readonly input: Record<string, unknown>;
  readonly body: Buffer;
}

export interface Answer {
  readonly status: number;
  /** JSON. */
  readonly body: string;
}

/**
 * What keeps the tables. It MUST answer every call, one that it does not know with `UnknownOperationException`, and MUST
 * NOT reject because of what a caller sent. Calls come at the same time; each is atomic as DynamoDB's are.
 */
export interface Engine {
  /** For people: what it is, and of which version. */
  readonly name: string;
  answer(call: Call): Promise<Answer>;
  close(): Promise<void>;
}

/** Which engine: one in Node, or AWS's own in Java. */
export type EngineKind = 'dynalite' | 'strict';

const service = 'DynamoDB_20120810';

/** A call of the local cloud's own. @throws what DynamoDB answers instead of a result */
export async function ask<T = object>(engine: Engine, operation: string, input: object): Promise<T> {
  const body = JSON.stringify(input);
  const answer = await engine.answer({
    target: `${service}.${operation}`,
    operation,
    input: JSON.parse(body),
    body: Buffer.from(body),
  });
  if (answer.status !== 200) throw new Error(answer.body);
  return JSON.parse(answer.body) as T;
}
