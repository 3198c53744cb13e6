import { describe, it } from 'vitest';
import { hasJava, withJava } from '../contract/engines.ts';
import { describeRows } from '../contract/rows.ts';

describe('DynamoDB Local', () => {
  if (hasJava) describeRows('strict');
  else it('passes the same tests', withJava, () => undefined);
});
