import { Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/** Says why a rule of cdk-nag 3 is not kept. An older aws-cdk-lib has no `Validations`, and cdk-nag 3 does not run on it. */
export function acknowledge(construct: IConstruct, id: string, reason: string): void {
  (Validations as typeof Validations | undefined)?.of(construct).acknowledge({ id, reason });
}
