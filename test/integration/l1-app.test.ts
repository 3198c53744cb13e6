import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AuctionStack } from '../assemblies/l1-app/stack.ts';
import { type RunningApp, startAssembly } from '../assemblies/start-assembly.ts';
import { synthesizeApp } from '../assemblies/synthesize.ts';
import { rowsOf } from '../assemblies/table-rows.ts';
import { type Client, connect, handshakeStatus } from '../socket-client.ts';

describe('An app that is not ours, written in L1 constructs', () => {
  let app: RunningApp;

  beforeAll(async () => {
    app = await startAssembly(await synthesizeApp((scope) => void new AuctionStack(scope, 'Auction')));
  });
  afterAll(() => app?.close());

  const as = (Authorization: string) => ({ headers: { Authorization } });
  const url = () => String(app.cloud.outputs['WebSocketUrl']);
  const enter = (name: string) => connect(url(), as(`Bearer ${name}@east`));
  const ask = async (client: Client, message: object) => {
    client.send(message);
    return JSON.parse(await client.next()) as Record<string, unknown>;
  };
  const bidders = async (auction: string) =>
    (await rowsOf(app, 'Table'))
      .filter((row) => row['auction'] === auction && row['connectionId'] !== 'highest')
      .map(({ bidder }) => bidder)
      .sort();

  it('is served at the address of its output, which is the one that the cloud names', () => {
    expect(url()).toBe(app.cloud.webSocketUrl);
    expect(new URL(url()).pathname).toBe('/live');
  });

  it('rejects a client without an Authorization header, and does not invoke its authorizer', async () => {
    expect(await handshakeStatus(url())).toBe(401);
    expect(await handshakeStatus(url(), as(''))).toBe(401);
    expect(app.cloud.functions['Authorize']?.invocations).toBe(0);
  });

  it('rejects a client whose house is not the one in the stage variable', async () => {
    expect(await handshakeStatus(url(), as('Bearer alice@west'))).toBe(403);
    expect(await handshakeStatus(url(), as('Basic alice'))).toBe(401);
    expect(await handshakeStatus(url(), as('Bearer alice@east'))).toBe(101);
  });

  it('answers an unknown action with Forbidden, because there is no $default', async () => {
    const alice = await enter('alice');
    expect(await ask(alice, { action: 'steal' })).toMatchObject({ message: 'Forbidden' });
    expect(await ask(alice, { action: 'join', auction: 'clock' })).toEqual({ joined: 'clock', highest: 0 });
    await alice.close();
  });

  it('sends a bid to the other bidders of its auction, and to nobody else', async () => {
    const [alice, bob, carol] = await Promise.all([enter('alice'), enter('bob'), enter('carol')]);
    for (const client of [alice, bob]) await ask(client, { action: 'join', auction: 'vase' });
    await ask(carol, { action: 'join', auction: 'chair' });

    expect(await ask(alice, { action: 'bid', auction: 'vase', amount: 10 })).toEqual({ accepted: true });
    expect(JSON.parse(await bob.next())).toEqual({ auction: 'vase', amount: 10, by: 'alice' });
    expect(await ask(bob, { action: 'bid', auction: 'vase', amount: 10 })).toEqual({ accepted: false });
    expect(await ask(carol, { action: 'join', auction: 'vase' })).toEqual({ joined: 'vase', highest: 10 });
    await Promise.all([alice.close(), bob.close(), carol.close()]);
    expect([alice, bob, carol].map(({ frames }) => frames.length)).toEqual([2, 3, 2]);
  });

  it('removes clients that leave the auction or disconnect', async () => {
    const [dora, emil] = [await enter('dora'), await enter('emil')];
    for (const client of [dora, emil]) await ask(client, { action: 'join', auction: 'lamp' });
    expect(await bidders('lamp')).toEqual(['dora', 'emil']);

    dora.send({ action: 'leave', auction: 'lamp' });
    await expect.poll(() => bidders('lamp')).toEqual(['emil']);
    await Promise.all([dora.close(), emil.close()]);
    await expect.poll(() => bidders('lamp')).toEqual([]);
  });

  it('detects a client that is gone, and still posts to the others', async () => {
    const [fred, gina] = [await enter('fred'), await enter('gina')];
    for (const client of [fred, gina]) await ask(client, { action: 'join', auction: 'rug' });
    gina.socket.terminate();
    expect(await ask(fred, { action: 'bid', auction: 'rug', amount: 1 })).toEqual({ accepted: true });
    await expect.poll(() => bidders('rug')).toEqual(['fred']);
    await fred.close();
  });

  // The SDK sets its clock by the Date of every answer: that of the machine made each second call of a function fail.
  it('continues after the clock was moved by hours, and so do external SDK clients', async () => {
    app.cloud.clock.advance(3 * 3_600_000);
    const hugo = await enter('hugo');
    for (const auction of ['bed', 'bowl']) {
      expect(await ask(hugo, { action: 'join', auction })).toEqual({ joined: auction, highest: 0 });
    }
    await hugo.close();
    const { dynamodbEndpoint: endpoint, credentials, tables } = app.cloud;
    const outside = new DynamoDBClient({ endpoint, region: 'us-east-1', credentials });
    const scan = () => outside.send(new ScanCommand({ TableName: tables['Table'] }));
    await scan();
    await expect(scan()).resolves.toMatchObject({ Items: expect.anything() });
    outside.destroy();
  });
});
