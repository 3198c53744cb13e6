import { expect, it } from 'vitest';
import { createLeave, type LeaveChannel } from '../../functions/core/channels/leave.ts';
import { createDisconnect } from '../../functions/disconnect.ts';
import { ManualClock } from '../fakes/clock.ts';
import { connectionId, disconnectEvent } from '../fakes/events.ts';
import { LoggedLines } from '../fakes/logged-lines.ts';
import { failNext } from '../fakes/order.ts';
import { MemoryRegistry } from '../fakes/registry.ts';

function scene() {
  const registry = new MemoryRegistry(new ManualClock());
  const logged = new LoggedLines();
  const parted: string[] = [];
  const leaveChannel: LeaveChannel = async (channel, { connectionId: id }) => parted.push(`${id} from ${channel}`) > 0;
  return {
    registry,
    logged,
    parted,
    disconnect: createDisconnect({ leave: createLeave(registry, leaveChannel), log: logged.log }),
  };
}

it('removes the connection, and no other', async () => {
  const { registry, logged, disconnect } = scene();
  const other = await registry.seat('other');
  await registry.seat(connectionId);
  const left = { principalId: `user:${connectionId}`, connectionId };
  const event = disconnectEvent({ principalId: left.principalId, sessionHash: 'x' });
  expect(await disconnect(event)).toEqual({ statusCode: 200 });
  expect(registry.has(left)).toBe(false);
  expect(registry.has(other)).toBe(true);
  expect(logged.count('Disconnected')).toBe(1);
});

it('removes the connection from its channels', async () => {
  const { registry, parted, disconnect } = scene();
  const connection = await registry.seat(connectionId, { principalId: 'user:42' });
  for (const channel of ['news', 'presence-room']) await registry.join(connection, channel, 5);
  await disconnect(disconnectEvent());
  expect(parted).toEqual([`${connectionId} from news`, `${connectionId} from presence-room`]);
});

it('succeeds when the connection has already left', async () => {
  expect(await scene().disconnect(disconnectEvent())).toEqual({ statusCode: 200 });
});

it('leaves the row to expire when the event has no principal', async () => {
  const { registry, logged, disconnect } = scene();
  await registry.seat(connectionId);
  expect(await disconnect(disconnectEvent('none'))).toEqual({ statusCode: 200 });
  expect(registry.rows).toHaveLength(1);
  expect(logged.count('Disconnected')).toBe(1);
});

// AWS does not document whether API Gateway would run `$disconnect` for such a frame.
it.each(['MESSAGE', 'CONNECT', undefined])(
  'keeps the row of a connection when the event is of type %s',
  async (type) => {
    const { registry, logged, disconnect } = scene();
    await registry.seat(connectionId, { principalId: 'user:42' });
    const event = disconnectEvent();
    const requestContext = { ...event.requestContext, eventType: type as 'MESSAGE' };
    expect(await disconnect({ ...event, requestContext })).toEqual({ statusCode: 403 });
    expect(registry.rows).toHaveLength(1);
    expect(logged.count('Disconnected')).toBe(0);
  },
);

it('logs the code and the reason of the close', async () => {
  const { logged, disconnect } = scene();
  await disconnect(disconnectEvent());
  expect(logged.lines[0]?.fields).toEqual({
    connectionId,
    principalId: 'user:42',
    code: 1005,
    reason: 'Client-side close frame status not set',
  });
});

it('fails when the table cannot be reached, so that it counts as an error', async () => {
  const { registry, disconnect } = scene();
  failNext(registry, 'leave');
  await expect(disconnect(disconnectEvent())).rejects.toThrow('the network is down');
});
