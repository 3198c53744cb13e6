import { afterAll, beforeAll, expect, it } from 'vitest';
import { type GatewayServer, startGateway } from '../../../local/gateway/server.ts';
import { createCertificate } from '../../../local/http/tls.ts';
import { handshakeStatus } from '../../socket-client.ts';

let server: GatewayServer;

beforeAll(async () => {
  server = await startGateway(0, 'api.example', await createCertificate([]), undefined);
});
afterAll(() => server.close());

// Posts during the shutdown once got a 403, which no SDK retries.
it('a gateway answers 503 before it serves and after it stops', async () => {
  const host = `127.0.0.1:${server.port}`;
  const statusOf = async (path: string, method: string) => (await fetch(`http://${host}${path}`, { method })).status;
  expect(await statusOf('/prod', 'GET')).toBe(503);
  expect(await statusOf('/prod/@connections/AAAAAAAAAAAAAAA=', 'POST')).toBe(503);
  expect(await handshakeStatus(`ws://${host}/prod`)).toBe(503);
});
