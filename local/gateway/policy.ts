import { type Decision, evaluate } from '../iam/evaluate.ts';
import { MalformedPolicy } from '../iam/malformed-policy.ts';
import { readPolicy } from '../iam/policy.ts';

/** What an authorizer's policy says about one method ARN. */
export type PolicyDecision = Decision | 'malformed';

// Whether API Gateway obeys conditions and the Not… forms here is not known; to ignore one would open what AWS keeps shut.
const elements = ['Sid', 'Effect', 'Action', 'Resource'];

export function evaluatePolicy(document: unknown, methodArn: string): PolicyDecision {
  try {
    const statements = readPolicy(document, 'policyDocument', elements);
    return evaluate(statements, { action: 'execute-api:Invoke', resource: methodArn });
  } catch (error) {
    if (error instanceof MalformedPolicy) return 'malformed';
    throw error;
  }
}
