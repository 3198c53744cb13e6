import { type Stack, Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/**
 * Suppresses a rule of cdk-nag 3, with the reason. An older aws-cdk-lib has no `Validations`, and cdk-nag 3 does not
 * run on it.
 */
export function acknowledge(construct: IConstruct, id: string, reason: string): void {
  (Validations as typeof Validations | undefined)?.of(construct).acknowledge({ id, reason });
}

/** An ARN as cdk-nag writes it in a finding: `arn:<AWS::Partition>:…`. */
export function arnInFinding(stack: Stack, arn: string): string {
  const resolved: { readonly 'Fn::Join': readonly [string, readonly (string | { readonly Ref: string })[]] } =
    stack.resolve(arn);
  const [separator, parts] = resolved['Fn::Join'];
  return parts.map((part) => (typeof part === 'string' ? part : `<${part.Ref}>`)).join(separator);
}
