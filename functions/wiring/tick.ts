import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { systemClock } from '../edge/clock.ts';
import { createClaimRows } from '../edge/dynamodb/claim-rows.ts';
import { createConnectionRows } from '../edge/dynamodb/connection-rows.ts';
import { read, readConnectionTables } from '../edge/environment.ts';
import { createSockets } from '../edge/sockets.ts';
import { createTell } from '../edge/telemetry.ts';
import { waitAtMost } from '../edge/wait-at-most.ts';
import { createTick } from '../tick.ts';

export function wire() {
  const client = new DynamoDBClient(waitAtMost(2000));
  return createTick({
    registry: createConnectionRows(readConnectionTables(), client, systemClock),
    claims: createClaimRows(read('CLAIMS_TABLE'), client, systemClock),
    sender: createSockets(read('CALLBACK_URL'), { maxAttempts: 1, timeoutMs: 900 }),
    clock: systemClock,
    // One less than the Lambda's time, which is the most that there is.
    minutes: 14,
    tell: createTell(),
  });
}
