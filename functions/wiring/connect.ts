import { createConnect } from '../connect.ts';
import { createMeter, mostWithin, stepWithin } from '../core/connections/meter.ts';
import { createEndWatch } from '../core/sessions/session-ends.ts';
import { createDynamoDbClient } from '../edge/aws-clients.ts';
import { systemClock } from '../edge/clock.ts';
import { createClaimRows, createCounterRows } from '../edge/dynamodb/claim-rows.ts';
import { createConnectionRows } from '../edge/dynamodb/connection-rows.ts';
import { createRevocationRows } from '../edge/dynamodb/revocation-rows.ts';
import {
  read,
  readConnectionLimit,
  readConnectionTables,
  readNumber,
  readOptional,
  readRevalidateSeconds,
} from '../edge/environment.ts';
import { createStarter } from '../edge/invoke.ts';
import { createLog } from '../edge/telemetry.ts';

export function wire() {
  const client = createDynamoDbClient();
  const claimsTable = readOptional('CLAIMS_TABLE');
  const handshakesPerMinute = readNumber('HANDSHAKES_PER_MINUTE_PER_USER');

  const counters = read('COUNTERS_TABLE');
  const starter = createStarter({
    deliver: read('DELIVER_FUNCTION'),
    revalidate: read('REVALIDATE_FUNCTION'),
    tick: readOptional('TICK_FUNCTION'),
  });

  return createConnect({
    registry: createConnectionRows(readConnectionTables(), client, systemClock),
    revocations: createRevocationRows(read('REVOCATIONS_TABLE'), client, systemClock),
    claims: claimsTable === undefined ? undefined : createClaimRows(claimsTable, client, systemClock),
    subprotocol: readOptional('SUBPROTOCOL'),
    limit: readConnectionLimit(),
    handshakes: createMeter(
      {
        name: 'handshakes',
        milliseconds: 60_000,
        most: mostWithin(handshakesPerMinute),
        step: stepWithin(handshakesPerMinute),
      },
      createCounterRows(counters, client),
    ),
    revalidateSeconds: readRevalidateSeconds(),
    watchEnd: createEndWatch(createClaimRows(counters, client, systemClock), starter.closeEnded, systemClock),
    starter,
    clock: systemClock,
    log: createLog(),
  });
}
