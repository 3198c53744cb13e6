import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { findFpm } from '../../bench/fpm.ts';
import { findFreePort } from '../../local/http/loopback.ts';
import { type Need, needs } from '../needs.ts';

/** The document root of a newcomer who pasted files of the docs, behind the web server of their choice. */
export interface Site {
  readonly url: string;
  /** The document root. */
  readonly root: string;
  close(): Promise<void>;
}

export const webServers = ['php -S', 'nginx', 'Apache'] as const;
export type WebServerKind = (typeof webServers)[number];

const found = findFpm();
const apache = ['/usr/sbin/apache2', '/usr/sbin/httpd', '/usr/bin/httpd'].find((path) => existsSync(path));
const modules = ['/usr/lib/apache2/modules', '/usr/lib64/httpd/modules'].find((path) => existsSync(path)) ?? '';
const lack: Need = {
  name: 'web servers',
  missing: 'nginx, Apache or php-fpm is not installed.',
  packages: ['nginx-light', 'apache2-bin', 'php-fpm'],
};
export const withWebServers = needs(found !== undefined && apache !== undefined && modules !== '' ? undefined : lack);

const project = join(import.meta.dirname, '..', '..');
const snippet = (name: string) => readFile(join(project, 'docs/snippets/servers', name), 'utf8');

/** What the server is told beside its own minimum: a snippet of the docs, or a mistake. */
export type Rules = Readonly<Record<WebServerKind, string>>;

export const documented = async (): Promise<Rules> => ({
  'php -S': await snippet('router.php'),
  nginx: await snippet('nginx.conf'),
  Apache: await snippet('apache.conf'),
});

/** The pasted files: the name in the document root, and the file of the project. */
type Files = Readonly<Record<string, string>>;

const route: Files = { 'getSessionID.php': 'docs/snippets/tickets.php' };
const start = ['credentials.php', 'getSessionID.php', 'index.php', 'publish.php'];
/** The README's files, all of them. */
export const startFiles: Files = Object.fromEntries(start.map((name) => [name, `docs/snippets/start/${name}`]));

export async function startSite(
  kind: WebServerKind,
  rules: string,
  environment: Readonly<Record<string, string>>,
  { files = route, wantedPort = 0 }: { readonly files?: Files; readonly wantedPort?: number } = {},
): Promise<Site> {
  const folder = await mkdtemp(join(tmpdir(), 'session-socket-site-'));
  const root = join(folder, 'public');
  await Promise.all([mkdir(root), mkdir(join(folder, 'sessions'))]);
  await writeFile(join(root, 'index.php'), '<!doctype html><title>Home</title>');
  await writeFile(join(root, 'login.php'), "<?php session_start(); $_SESSION['user'] = '42';");
  for (const [name, file] of Object.entries({ ...files, 'session-socket.php': 'php/session-socket.php' })) {
    await copyFile(join(project, file), join(root, name));
  }
  const port = await findFreePort(wantedPort);
  const settings = { 'session.save_path': join(folder, 'sessions'), 'session.use_strict_mode': '1', log_errors: '0' };
  const processes: ChildProcess[] = [];
  const run = (command: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env) =>
    processes.push(spawn(command, args, { stdio: 'ignore', env }));

  if (kind === 'php -S') {
    const given = Object.entries(settings).flatMap(([name, value]) => ['-d', `${name}=${value}`]);
    if (rules !== '') await writeFile(join(root, 'router.php'), rules);
    const router = rules === '' ? [] : [join(root, 'router.php')];
    run('php', ['-n', ...given, '-S', `127.0.0.1:${port}`, '-t', root, ...router], { ...process.env, ...environment });
  } else {
    const socket = join(folder, 'fpm.sock');
    await writeFile(join(folder, 'fpm.conf'), fpmConfiguration(folder, socket, settings, environment));
    run(found?.fpm ?? '', ['-F', '-n', '-y', join(folder, 'fpm.conf'), ...(isRoot ? ['-R'] : [])]);
    const file = join(folder, 'server.conf');
    if (kind === 'nginx') {
      await writeFile(join(folder, 'fastcgi_params'), fastcgiParams);
      await writeFile(file, nginxConfiguration(folder, port, rules.replace('/run/php/php-fpm.sock', socket)));
      run(found?.nginx ?? '', ['-p', folder, '-c', file, '-e', join(folder, 'error.log')]);
    } else {
      await writeFile(join(root, '.htaccess'), rules);
      await writeFile(file, apacheConfiguration(folder, port, socket));
      run(apache ?? '', ['-X', '-f', file]);
    }
  }
  const url = `http://127.0.0.1:${port}`;
  const close = async () => {
    await Promise.all(processes.map(end));
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await untilItAnswers(`${url}/login.php`, processes);
  } catch (error) {
    await close();
    throw error;
  }
  return { url, root, close };
}

const isRoot = process.getuid?.() === 0;

function fpmConfiguration(
  folder: string,
  socket: string,
  settings: Readonly<Record<string, string>>,
  environment: Readonly<Record<string, string>>,
): string {
  return [
    `[global]\nerror_log = ${folder}/fpm.log\n[app]`,
    ...(isRoot ? ['user = root'] : []),
    `listen = ${socket}\nlisten.mode = 0666\npm = static\npm.max_children = 3`,
    ...Object.entries(settings).map(([name, value]) => `php_value[${name}] = ${value}`),
    ...Object.entries(environment).map(([name, value]) => `env[${name}] = "${value}"`),
    '',
  ].join('\n');
}

/** As nginx ships it, of which PHP needs these: https://www.nginx.com/resources/wiki/start/topics/examples/phpfcgi/ */
const fastcgiParams = `fastcgi_param QUERY_STRING $query_string;
fastcgi_param REQUEST_METHOD $request_method;
fastcgi_param CONTENT_TYPE $content_type;
fastcgi_param CONTENT_LENGTH $content_length;
fastcgi_param SCRIPT_NAME $fastcgi_script_name;
fastcgi_param REQUEST_URI $request_uri;
fastcgi_param DOCUMENT_ROOT $document_root;
fastcgi_param SERVER_PROTOCOL $server_protocol;
fastcgi_param REMOTE_ADDR $remote_addr;
`;

function nginxConfiguration(folder: string, port: number, rules: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  );
  return `${isRoot ? 'user root;\n' : ''}daemon off;
pid ${folder}/nginx.pid;
events { worker_connections 64; }
http {
  access_log off;
  ${temporary.join('\n  ')}
  server {
    listen 127.0.0.1:${port};
    root ${folder}/public;
    index index.php;
${rules}
    location ~ \\.php$ {
      include fastcgi_params;
      fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
      fastcgi_pass unix:${folder}/fpm.sock;
    }
  }
}
`;
}

function apacheConfiguration(folder: string, port: number, socket: string): string {
  const load = ['mpm_event', 'authz_core', 'dir', 'rewrite', 'proxy', 'proxy_fcgi'];
  return `ServerRoot ${folder}
ServerName 127.0.0.1
Listen 127.0.0.1:${port}
PidFile ${folder}/apache.pid
ErrorLog ${folder}/error.log
${load.map((name) => `LoadModule ${name}_module ${modules}/mod_${name}.so`).join('\n')}
DocumentRoot ${folder}/public
DirectoryIndex index.php
<Directory ${folder}/public>
  AllowOverride All
  Require all granted
</Directory>
<FilesMatch "\\.php$">
  SetHandler "proxy:unix:${socket}|fcgi://localhost"
</FilesMatch>
`;
}

async function untilItAnswers(url: string, processes: readonly ChildProcess[]): Promise<void> {
  for (let left = 200; left > 0; left -= 1) {
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.status === 200) return;
    if (processes.some(({ exitCode }) => exitCode !== null)) throw new Error('A web server ended at its start.');
    await pause(50);
  }
  throw new Error('The web server does not answer.');
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const kill = setTimeout(() => child.kill('SIGKILL'), 3_000);
  await exited;
  clearTimeout(kill);
}
