/** A service's answer before it becomes HTTP. */
export interface ServiceAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** An error for the AWS SDK's JSON protocols, with the type in a header and in the body. */
export function serviceError(status: number, type: string, message: string): ServiceAnswer {
  return {
    status,
    headers: { 'x-amzn-ErrorType': type },
    body: JSON.stringify({ __type: type, message, Message: message }),
  };
}
