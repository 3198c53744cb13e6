/** What a service answers, before it becomes HTTP. */
export interface ServiceAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** An error as the AWS SDK's JSON protocols read it: the type in a header and in the body. */
export function serviceError(status: number, type: string, message: string): ServiceAnswer {
  return {
    status,
    headers: { 'x-amzn-ErrorType': type },
    body: JSON.stringify({ __type: type, message, Message: message }),
  };
}
