/**
 * Of an AWS client: how long it waits for an answer before it tries again. By default the SDK waits for ever, and a function that runs out
 * of time undoes nothing, tells nothing, and of one that answers frames API Gateway tells the client in a frame of its own.
 */
export function waitAtMost(requestTimeout: number) {
  return { requestHandler: { connectionTimeout: 1000, requestTimeout, throwOnRequestTimeout: true } };
}
