import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createConnect } from '../connect.ts';
import { createMeter, mostWithin, stepWithin } from '../core/connections/meter.ts';
import { createEndWatch } from '../core/sessions/session-ends.ts';
import { createClaimRows } from '../edge/claim-rows.ts';
import { systemClock } from '../edge/clock.ts';
import { createConnectionRows } from '../edge/connection-rows.ts';
import { createCounterRows } from '../edge/counter-rows.ts';
import {
  read,
  readConnectionLimit,
  readConnectionTables,
  readNumber,
  readOptional,
  readRevalidateSeconds,
} from '../edge/environment.ts';
import { createStarter } from '../edge/invoke.ts';
import { createRevocationRows } from '../edge/revocation-rows.ts';
import { createTell } from '../edge/telemetry.ts';
import { waitAtMost } from '../edge/wait-at-most.ts';

export function wire() {
  const client = new DynamoDBClient(waitAtMost(2000));
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
    tell: createTell(),
  });
}
