import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { findFreePort } from '../local/http/loopback.ts';

/** php-fpm with few children behind nginx, like a deployed PHP app. */
export interface Fpm {
  readonly url: string;
  /** `PHP 8.2.33 (php-fpm, 5 children, nginx)` */
  readonly php: string;
  /** Session checks since the last call: the most at the same time, and the total. */
  takeChecks(): Promise<{ readonly most: number; readonly all: number }>;
  close(): Promise<void>;
}

const script = join(import.meta.dirname, '..', 'test', 'fixtures', 'storm', 'index.php');

/** Debian's folder for both; not every PATH contains it. */
const folders = ['/usr/sbin', '/usr/local/sbin', '/usr/bin', '/usr/local/bin'];

/** @returns undefined if php-fpm or nginx is not installed */
export function findFpm(): { readonly fpm: string; readonly nginx: string } | undefined {
  const all = folders
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)));
  const fpm = all.find((path) => /\/php-fpm[\d.]*$/.test(path));
  const nginx = all.find((path) => path.endsWith('/nginx'));
  return fpm === undefined || nginx === undefined ? undefined : { fpm, nginx };
}

export async function startFpm({ fpm, nginx }: { fpm: string; nginx: string }, children: number): Promise<Fpm> {
  const folder = await mkdtemp(join(tmpdir(), 'session-socket-fpm-'));
  const port = await findFreePort();
  const checks = join(folder, 'checks');
  await writeFile(checks, '0 0 0');
  await writeFile(join(folder, 'fpm.conf'), fpmConfiguration(folder, children));
  await writeFile(join(folder, 'nginx.conf'), nginxConfiguration(folder, port, checks));
  // Root needs the option, as in a container; other users do not.
  const asRoot = process.getuid?.() === 0 ? ['-R'] : [];
  const processes = [
    spawn(fpm, ['-F', '-n', '-y', join(folder, 'fpm.conf'), ...asRoot], { stdio: 'ignore' }),
    spawn(nginx, ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', join(folder, 'error.log')], {
      stdio: 'ignore',
    }),
  ];
  const url = `http://127.0.0.1:${port}`;
  const close = async () => {
    await Promise.all(processes.map(end));
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await untilItAnswers(`${url}/page`, processes);
  } catch (error) {
    await close();
    throw error;
  }
  const version = /PHP [\d.]+/.exec(spawnSync(fpm, ['-n', '-v'], { encoding: 'utf8' }).stdout)?.[0] ?? 'PHP';
  return {
    url,
    php: `${version} (php-fpm, ${children} children, nginx)`,
    async takeChecks() {
      const [now = 0, most = 0, all = 0] = (await readFile(checks, 'utf8')).split(' ').map(Number);
      if (now !== 0) throw new Error(`${now} session checks are still running in PHP.`);
      await writeFile(checks, '0 0 0');
      return { most, all };
    },
    close,
  };
}

function fpmConfiguration(folder: string, children: number): string {
  return `[global]
error_log = ${folder}/fpm.log
[app]
user = ${process.getuid?.() === 0 ? 'root' : ''}
listen = ${folder}/fpm.sock
listen.backlog = 4096
pm = static
pm.max_children = ${children}
`.replace(/^user = \n/m, '');
}

function nginxConfiguration(folder: string, port: number, checks: string): string {
  return `${process.getuid?.() === 0 ? 'user root;\n' : ''}daemon off;
pid ${folder}/nginx.pid;
worker_processes 1;
events { worker_connections 4096; }
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  server {
    listen 127.0.0.1:${port} backlog=4096;
    keepalive_timeout 120s;
    location / {
      fastcgi_pass unix:${folder}/fpm.sock;
      fastcgi_param SCRIPT_FILENAME ${script};
      fastcgi_param CHECKS_FILE ${checks};
      fastcgi_param REQUEST_METHOD $request_method;
      fastcgi_param REQUEST_URI $request_uri;
    }
  }
}
`;
}

async function untilItAnswers(url: string, processes: readonly ChildProcess[]): Promise<void> {
  for (let left = 100; left > 0; left -= 1) {
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.status === 200) return;
    if (processes.some(({ exitCode }) => exitCode !== null)) throw new Error('php-fpm or nginx ended at its start.');
    await pause(100);
  }
  throw new Error('php-fpm and nginx do not answer.');
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const kill = setTimeout(() => child.kill('SIGKILL'), 3_000);
  await exited;
  clearTimeout(kill);
}
