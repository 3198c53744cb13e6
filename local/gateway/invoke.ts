import type { LocalFunction } from '../lambda/function.ts';
import { failure, type InvocationResult } from '../lambda/invocation.ts';

/** What came of an integration or an authorizer. */
export type IntegrationResult = InvocationResult & {
  /** It is API Gateway that failed it. The error's type does not tell: a function may call its own errors the same. */
  readonly cause?: 'denied' | 'timed out';
};

/** Invokes with API Gateway's own patience. The function runs on after it, as in AWS. */
export async function invokeWithin(
  target: LocalFunction,
  event: object,
  timeoutMs: number,
): Promise<IntegrationResult> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<IntegrationResult>((resolve) => {
    const failed = failure('IntegrationTimeout', 'Endpoint request timed out');
    timer = setTimeout(() => resolve({ ...failed, cause: 'timed out' }), timeoutMs);
  });
  try {
    return await Promise.race([target.invoke(JSON.stringify(event)), patience]);
  } finally {
    clearTimeout(timer);
  }
}
