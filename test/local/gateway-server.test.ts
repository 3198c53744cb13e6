import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Certificate, createCertificate } from '../../local/certificate.ts';
import { type GatewayServer, startGateway } from '../../local/gateway/server.ts';
import { handshakeStatus } from '../socket-client.ts';

let certificate: Certificate;
let server: GatewayServer;

beforeAll(async () => {
  certificate = await createCertificate([]);
  server = await startGateway(0, 'api.example', certificate, undefined);
});
afterAll(async () => {
  await server.close();
  await certificate.remove();
});

// A function that posted while the local cloud was closing was told that it may not: a 403, which no SDK tries again.
it('a gateway that serves nothing yet, or no more, is unavailable to everybody', async () => {
  const host = `127.0.0.1:${server.port}`;
  const statusOf = async (path: string, method: string) => (await fetch(`http://${host}${path}`, { method })).status;
  expect(await statusOf('/prod', 'GET')).toBe(503);
  expect(await statusOf('/prod/@connections/AAAAAAAAAAAAAAA=', 'POST')).toBe(503);
  expect(await handshakeStatus(`ws://${host}/prod`)).toBe(503);
});
