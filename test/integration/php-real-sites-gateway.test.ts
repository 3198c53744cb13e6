import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ticketEnvironment } from '../../bin/php-environment.ts';
import { type PhpServer, startPhpServer } from '../../serve/php-server.ts';
import { WebServer } from '../fakes/web-server.ts';
import { type Gateway, startGateway } from '../gateway/gateway.ts';
import { Visitor } from '../php/visitor.ts';
import { type Client, connect } from '../socket-client.ts';

/*
 * The whole way, from the page's ticket to the open socket and its re-check, on a site with a balancer in front of two PHP nodes
 * that keep their sessions to themselves. The balancer is sticky by a cookie, as AWS's, and it sometimes answers by itself.
 */
/** Whose name is no UTF-8. */
const browser = { 'User-Agent': 'Café/1.0' };

describe('a site with a load balancer', () => {
  let balancer: WebServer;
  let gateway: Gateway;
  const nodes: PhpServer[] = [];
  /** The balancer's answer to the gateway instead of PHP's. */
  let firewall: ((response: ServerResponse) => void) | undefined;
  let next = 0;

  beforeAll(async () => {
    balancer = await WebServer.start((request, response) => {
      if (firewall !== undefined && request.headers['x-session-socket'] !== undefined) return firewall(response);
      balance(request, response);
    });
    gateway = await startGateway({
      sessionEndpoint: balancer.url('/two-nodes').href,
      allowedOrigins: balancer.url().origin,
      revalidate: '1',
    });
    for (const _ of [1, 2]) {
      nodes.push(
        await startPhpServer({
          root: '.',
          router: 'test/fixtures/real-sites/index.php',
          port: 0,
          environment: ticketEnvironment(gateway.cloud),
        }),
      );
    }
  });
  afterAll(async () => {
    await gateway?.close();
    await balancer?.close();
    await Promise.all(nodes.map((node) => node.close()));
  });

  function balance(request: IncomingMessage, response: ServerResponse): void {
    const [, sticky] = /AWSALB=(\d)/.exec(request.headers.cookie ?? '') ?? [];
    const index = sticky === undefined ? next++ % nodes.length : Number(sticky);
    const { method, url, headers } = request;
    const asking = http.request(nodes[index]?.url + (url ?? ''), { method, headers, agent: false }, (answer) => {
      const cookies = [...(answer.headers['set-cookie'] ?? []), `AWSALB=${index}; Path=/`];
      response.writeHead(answer.statusCode ?? 0, { ...answer.headers, 'set-cookie': cookies });
      answer.pipe(response);
    });
    request.pipe(asking);
  }

  async function openTab(visitor: Visitor): Promise<Client> {
    const ticket = String(await (await visitor.get('/two-nodes', browser)).json());
    const url = `${gateway.webSocketUrl}?token=${encodeURIComponent(ticket)}`;
    return connect(url, { origin: balancer.url().origin });
  }

  const sayForbidden = (response: ServerResponse) =>
    response.writeHead(403, { 'content-type': 'text/html' }).end('<h1>403 Forbidden</h1>');
  const isOpen = ({ socket }: Client) => socket.readyState === socket.OPEN;
  /** Until every session was asked about once more. */
  async function recheckAll(): Promise<void> {
    gateway.cloud.clock.advance(60_000);
    await gateway.invoke('Revalidate');
  }

  it('opens ten of ten sockets, asks the right node again, and keeps them while a firewall answers instead of PHP', async () => {
    const visitors = Array.from({ length: 10 }, () => new Visitor(balancer.url().origin));
    for (const visitor of visitors) await visitor.get('/login', browser);
    firewall = sayForbidden;
    await expect(openTab(visitors[0] as Visitor)).rejects.toMatchObject({ status: 500 });
    firewall = undefined;
    const tabs = await Promise.all(visitors.map(openTab));
    expect(tabs.filter(isOpen)).toHaveLength(10);
    await recheckAll();
    expect(tabs.filter(isOpen)).toHaveLength(10);

    firewall = sayForbidden;
    await recheckAll();
    expect(tabs.filter(isOpen)).toHaveLength(10);
    expect(gateway.records().filter(({ RecheckFailed }) => Number(RecheckFailed) > 0)).not.toEqual([]);

    firewall = undefined;
    await visitors[0]?.get('/logout');
    await recheckAll();
    await expect.poll(() => tabs.filter(isOpen).length).toBe(9);
    await Promise.all(tabs.map((tab) => tab.close()));
  });
});
