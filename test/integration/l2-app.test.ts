import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RoomStack } from '../assemblies/l2-app/stack.ts';
import { type RunningApp, startAssembly } from '../assemblies/start-assembly.ts';
import { synthesizeApp } from '../assemblies/synthesize.ts';
import { rowsOf } from '../assemblies/table-rows.ts';
import { connect } from '../socket-client.ts';

describe('A chat in L2 constructs, with the address of its API made from id and region', () => {
  let app: RunningApp;

  beforeAll(async () => {
    app = await startAssembly(await synthesizeApp((scope) => void new RoomStack(scope, 'Room')));
  });
  afterAll(() => app?.close());

  const rows = async () => {
    const [table = ''] = Object.keys(app.cloud.tables);
    return rowsOf(app, table);
  };

  it('sends a message to everybody, and removes clients that disconnect', async () => {
    const [one, two] = [await connect(app.cloud.webSocketUrl), await connect(app.cloud.webSocketUrl)];
    expect(await rows()).toHaveLength(2);
    one.send({ action: 'sendmessage', data: 'hello' });
    expect(await Promise.all([one.next(), two.next()])).toEqual(['hello', 'hello']);
    await two.close();
    await expect.poll(rows).toHaveLength(1);
    await one.close();
    await expect.poll(rows).toEqual([]);
  });

  it('has a route for sendmessage alone', async () => {
    const client = await connect(app.cloud.webSocketUrl);
    client.send({ action: 'other' });
    expect(JSON.parse(await client.next())).toMatchObject({ message: 'Forbidden' });
    await client.close();
  });
});

// Its ARNs are of that account and region: with others the API could invoke nothing, and no function could post.
it('runs in the account and the region that its stack is for', async () => {
  const env = { account: '111122223333', region: 'eu-west-1' };
  const app = await startAssembly(await synthesizeApp((scope) => void new RoomStack(scope, 'Room', { env })));
  try {
    expect(app.cloud.region).toBe('eu-west-1');
    expect(app.cloud.outputs).toEqual({ WebSocketUrl: app.cloud.webSocketUrl });
    const client = await connect(app.cloud.webSocketUrl);
    client.send({ action: 'sendmessage', data: 'hello' });
    expect(await client.next()).toBe('hello');
    await client.close();
  } finally {
    await app.close();
  }
});
