import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import { afterAll, describe, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import { createClock } from '../../../local/clock.ts';
import { createFaults } from '../../../local/faults.ts';
import { Connection, Connections } from '../../../local/gateway/connections.ts';
import type { Client } from '../../../local/gateway/events.ts';
import { serveConnection } from '../../../local/gateway/serve-connection.ts';
import { unlimited } from '../../../local/gateway/stage.ts';
import type { Stage, WebSocketApi } from '../../../local/gateway/websocket-api.ts';
import type { LogEntry } from '../../../local/log.ts';

const client: Client = {
  connectionId: 'L0SM9cOFvHcCIhw=',
  connectedAt: 1,
  sourceIp: '127.0.0.1',
  userAgent: undefined,
  host: '127.0.0.1:3001',
  authorizer: undefined,
};
const silent: WebSocketApi = {
  logicalId: 'Api',
  apiId: 'api',
  arn: 'arn:aws:execute-api:eu-central-1:123456789012:api',
  stages: new Map(),
  selectRoute: () => '',
};

const clock = createClock();
afterAll(clock.close);

/** A socket that stays open until the test closes it. */
class FakeSocket extends EventEmitter {
  readonly OPEN = 1;
  readonly CLOSED = 3;
  readyState = this.OPEN;
  readonly closes: number[] = [];

  close(code: number): void {
    this.closes.push(code);
    queueMicrotask(() => {
      this.readyState = this.CLOSED;
      this.emit('close', code);
    });
  }
}

function openConnection(api = silent) {
  const entries: LogEntry[] = [];
  const connections = new Connections();
  const socket = new FakeSocket();
  const stage: Stage = {
    apiId: 'api',
    name: 'prod',
    domainName: client.host,
    variables: {},
    routes: new Map(),
    throttleOf: () => undefined,
  };
  const gateway = {
    api,
    connections,
    clock,
    faults: createFaults(1),
    gate: { check: () => undefined },
    place: { region: 'eu-central-1', accountId: '123456789012' },
    throttling: unlimited,
    observe: () => undefined,
    log: (entry: LogEntry) => void entries.push(entry),
  };
  serveConnection(gateway, stage, client, socket as unknown as WebSocket, new PassThrough());
  return { connections, socket, entries };
}

describe('the connections', () => {
  it('are found by their id and on their stage only', () => {
    const { connections } = openConnection();
    expect(connections.find(client.connectionId, 'prod')?.client).toBe(client);
    expect(connections.find(client.connectionId, 'test')).toBeUndefined();
    expect(connections.find('eHrdFcnvvHcCE-w=', 'prod')).toBeUndefined();
  });

  it('drop a closed connection', async () => {
    const { connections, socket } = openConnection();
    socket.emit('close', 1005);
    // A dropped connection is not found, although its fake socket still reports open.
    expect(connections.find(client.connectionId, 'prod')).toBeUndefined();
    await connections.close(1000);
    expect(socket.closes).toEqual([]);
  });

  it('are closed at the end with 1001', async () => {
    const { connections, socket } = openConnection();
    await connections.close(1000);
    expect(socket.closes).toEqual([1001]);
    expect(connections.find(client.connectionId, 'prod')).toBeUndefined();
  });

  it('do not find one that the gateway is closing', () => {
    const connections = new Connections();
    const connection = new Connection(client, 'prod', new FakeSocket() as unknown as WebSocket, clock, () => undefined);
    connections.add(connection);
    connection.close(1000, 'Connection Closed Normally');
    expect(connections.find(client.connectionId, 'prod')).toBeUndefined();
  });
});

// Such errors once became unhandled rejections, which end a Node.js process.
it('an internal error of the gateway is logged and ends neither the process nor the connection', async () => {
  const selectRoute = () => {
    throw new Error('no route for that');
  };
  const { socket, entries } = openConnection({ ...silent, selectRoute });
  socket.emit('message', Buffer.from('hello'), false);
  await new Promise(setImmediate);
  const reason = 'the local cloud failed: Error: no route for that';
  expect(entries).toEqual([{ kind: 'integration-failed', routeKey: 'a message', reason }]);
  expect(socket.readyState).toBe(socket.OPEN);
});
