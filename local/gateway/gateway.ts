import type { Clock } from '../clock.ts';
import type { Faults } from '../faults.ts';
import type { Gate } from '../iam/gate.ts';
import type { Log } from '../log.ts';
import type { Observe } from '../observation.ts';
import type { Place } from '../template/physical-ids.ts';
import type { Connections } from './connections.ts';
import type { Throttling } from './throttle.ts';
import type { WebSocketApi } from './websocket-api.ts';

/** What all of one API's requests share. */
export interface Gateway {
  readonly api: WebSocketApi;
  readonly connections: Connections;
  readonly clock: Clock;
  readonly faults: Faults;
  /** Before @connections. */
  readonly gate: Gate;
  readonly place: Place;
  readonly throttling: Throttling;
  readonly observe: Observe;
  readonly log: Log;
}
