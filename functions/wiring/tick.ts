import { createDynamoDbClient } from '../edge/aws-clients.ts';
import { systemClock } from '../edge/clock.ts';
import { createSockets } from '../edge/connections/sockets.ts';
import { createClaimRows } from '../edge/dynamodb/claim-rows.ts';
import { createConnectionRows } from '../edge/dynamodb/connection-rows.ts';
import { read, readConnectionsApiSettings, readConnectionTables } from '../edge/environment.ts';
import { createLog } from '../edge/telemetry.ts';
import { createTick } from '../tick.ts';

export function wire() {
  const client = createDynamoDbClient();
  return createTick({
    registry: createConnectionRows(readConnectionTables(), client, systemClock),
    claims: createClaimRows(read('CLAIMS_TABLE'), client, systemClock),
    sender: createSockets(readConnectionsApiSettings(), { maxAttempts: 1, timeoutMs: 900 }),
    clock: systemClock,
    // One less than the Lambda's timeout, which is Lambda's maximum.
    minutes: 14,
    log: createLog(),
  });
}
