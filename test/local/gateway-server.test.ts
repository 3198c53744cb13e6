import { afterAll, beforeAll, expect, it } from 'vitest';
import { type GatewayServer, startGateway } from '../../local/gateway/server.ts';
import { createCertificate } from '../../local/http/tls.ts';
import { handshakeStatus } from '../socket-client.ts';

let server: GatewayServer;

beforeAll(async () => {
  server = await startGateway(0, 'api.example', await createCertificate([]), undefined);
});
afterAll(() => server.close());

// A function that posted while the local cloud was closing was told that it may not: a 403, which no SDK tries again.
it('a gateway that serves nothing yet, or no more, is unavailable to everybody', async () => {
  const host = `127.0.0.1:${server.port}`;
  const statusOf = async (path: string, method: string) => (await fetch(`http://${host}${path}`, { method })).status;
  expect(await statusOf('/prod', 'GET')).toBe(503);
  expect(await statusOf('/prod/@connections/AAAAAAAAAAAAAAA=', 'POST')).toBe(503);
  expect(await handshakeStatus(`ws://${host}/prod`)).toBe(503);
});
