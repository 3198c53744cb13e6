import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';

/** What a write answers, or `unfit` when its condition was not met: that is an outcome, and whatever else goes wrong a fault. */
export async function orUnfit<Output>(write: Promise<Output>): Promise<Output | 'unfit'> {
  try {
    return await write;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return 'unfit';
    throw error;
  }
}
