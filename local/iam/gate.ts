/** An AWS request as it arrived, with what its signature covers. */
export interface SignedRequest {
  readonly method: string;
  /** Path and query, as sent. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Buffer;
}

/** A permission that a call takes. https://docs.aws.amazon.com/service-authorization/latest/reference/reference.html */
export interface Need {
  /** `dynamodb:PutItem` */
  readonly action: string;
  /** An ARN. */
  readonly resource: string;
  /** Condition keys that the service knows, such as `dynamodb:LeadingKeys`. */
  readonly context?: Readonly<Record<string, string | readonly string[]>>;
}

/** Why a call is refused, before each service says it in its own form. */
export interface Denial {
  readonly status: 400 | 403;
  /** Such as `AccessDeniedException`. */
  readonly errorType: string;
  readonly message: string;
}

/** What stands before every service: who signed the request, and may he do that? */
export interface Gate {
  /** @returns undefined when the call may go on */
  check(service: string, request: SignedRequest, needs: readonly Need[]): Denial | undefined;
}
