/** A request to the HTTP API, with the path and the body as they were signed. */
export interface ApiRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** As it was sent, without `?`. */
  readonly query: string;
  readonly body: Buffer;
  /** The header `Idempotency-Key`, which is not signed. */
  readonly idempotencyKey?: string | undefined;
}

/** Why a request is not answered: an HTTP status and a sentence for who reads PHP's log. */
export interface RequestFault {
  readonly status: 400 | 401 | 404 | 409 | 413 | 503;
  readonly sentence: string;
  /** There was a signature, and it is another's, too old, or for another body: a trace of an attack. */
  readonly isBadSignature?: boolean;
  /** The secret that it was signed with may be newer than ours. */
  readonly mayBeNewer?: boolean;
}

export function badRequest(sentence: string): RequestFault {
  return { status: 400, sentence };
}
