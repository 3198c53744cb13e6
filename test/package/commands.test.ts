import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { handshakeStatus } from '../socket-client.ts';
import { synthesizeTo } from './construct.ts';
import { goOutside, type Outside } from './outside.ts';

const tarballs = inject('tarballs');
let outside: Outside;
beforeAll(async () => {
  outside = await goOutside();
  await outside.write({ 'package.json': '{ "name": "outside", "private": true, "type": "module" }' });
  // The doctor needs neither CDK nor an AWS account.
  await outside.install('--omit=peer', tarballs['session-socket']);
});
afterAll(async () => {
  await outside?.remove();
});

describe('npx session-socket, installed from its tarball', () => {
  it('says its version and its commands', async () => {
    expect(await outside.run('npx session-socket --version')).toEqual({ code: 0, stdout: '0.1.0\n', stderr: '' });
    expect((await outside.run('npx session-socket --help')).stdout).toContain('doctor');
  });

  it('examines a PHP app with its doctor', async () => {
    const asked: (string | undefined)[] = [];
    const server = createServer(({ url }, response) => {
      asked.push(url);
      response.writeHead(404).end('Not found');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const { code, stdout, stderr } = await outside.run(
      `npx session-socket doctor http://127.0.0.1:${port}/getSessionID`,
    );
    server.close();
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    expect(stdout).toContain('404');
    expect(asked).toContain('/getSessionID');
  });

  // The name is free on npm: a sentence that told to install it from there could install something of a stranger's.
  it('says how to install the local cloud where it is missing', async () => {
    const { code, stderr } = await outside.run('npx session-socket local --help');
    expect(code).toBe(1);
    expect(stderr).toContain('npm pack -w session-socket-local');
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});

describe('session-socket-local, installed from its tarball', () => {
  beforeAll(async () => {
    await outside.install('--omit=peer', tarballs['session-socket-local']);
    await synthesizeTo(join(outside.folder, 'cdk.out'));
  });

  it.each(['npx session-socket local', 'npx session-socket-local'])(
    '`%s` runs a synthesized app until Ctrl-C',
    async (command) => {
      const child = spawn('/bin/sh', ['-c', `exec ${command} --port 0 --quiet`], {
        cwd: outside.folder,
        detached: true,
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      // Comes when nobody holds its output any more: npx, the command and its functions are gone.
      const gone = once(child, 'close');
      let socket: string | undefined;
      for await (const line of createInterface(child.stdout)) {
        socket ??= /wss?:\/\/\S+/.exec(line)?.[0];
        if (line.includes('Ctrl-C stops everything')) break;
      }
      expect(await handshakeStatus(String(socket), { origin: 'https://app.example.com' })).toBe(401);
      const page = `${new URL(String(socket)).origin.replace('ws', 'http')}/_local`;
      expect((await fetch(page)).status).toBe(200);
      expect(await (await fetch(`${page}/page.js`)).text()).toContain('new EventSource("/_local/events")');
      process.kill(-Number(child.pid), 'SIGINT');
      await gone;
      await expect(handshakeStatus(String(socket))).rejects.toThrow('ECONNREFUSED');
    },
  );

  it('starts from a test of somebody else, with its types', async () => {
    await outside.write({
      'cloud.ts': `import { type LocalCloud, startLocalCloud } from 'session-socket-local';
const cloud: LocalCloud = await startLocalCloud({ assembly: 'cdk.out' });
console.log(Object.keys(cloud.functions).length > 0);
await cloud.close();
`,
      'tsconfig.json': JSON.stringify({
        compilerOptions: { module: 'NodeNext', target: 'ES2022', strict: true, skipLibCheck: true, types: ['node'] },
        files: ['cloud.ts'],
      }),
    });
    await outside.install('--omit=peer', 'typescript@5.9.3', '@types/node@20');
    expect(await outside.run('npx tsc')).toMatchObject({ code: 0, stdout: '' });
    expect(await outside.run('node cloud.js')).toMatchObject({ code: 0, stdout: 'true\n' });
  });
});

describe('session-socket-client, installed from its tarball', () => {
  it('is a module that does nothing when it is imported on a server', async () => {
    await outside.install('--omit=peer', tarballs['session-socket-client']);
    await outside.write({
      'page.js':
        "import { useTickets } from 'session-socket-client/pusher-tickets.js';\nconsole.log(typeof useTickets);\n",
    });
    expect(await outside.run('node page.js')).toEqual({ code: 0, stdout: 'function\n', stderr: '' });
  });

  it('has types that fit those of pusher-js', async () => {
    await outside.install('--omit=peer', 'typescript@5.9.3', 'pusher-js@8.6.0');
    await outside.write({
      'page.ts': `import Pusher from 'pusher-js';
import { useTickets } from 'session-socket-client/pusher-tickets.js';
useTickets(Pusher, { key: 'key', url: 'wss://gateway.example.com/live', tokenFrom: 'subprotocol' });
// @ts-expect-error without the stack's key
useTickets(Pusher, { url: 'wss://gateway.example.com/live' });
`,
      'tsconfig.json': JSON.stringify({
        compilerOptions: {
          module: 'ESNext',
          moduleResolution: 'Bundler',
          target: 'ES2022',
          noEmit: true,
          strict: true,
          skipLibCheck: true,
          types: [],
        },
        files: ['page.ts'],
      }),
    });
    expect(await outside.run('npx tsc')).toMatchObject({ code: 0, stdout: '' });
  });
});
