import { type ChildProcessByStdio, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { promisify } from 'node:util';
import { exitWithParent } from '../../local/process-group.ts';

/** Debian has it where only root's PATH leads. */
export const mariaDbCommand = '/usr/sbin/mariadbd';

/** A MariaDB of our own, empty, which only a socket in a temporary folder leads to. */
export interface MariaDb {
  readonly socket: string;
  close(): Promise<void>;
}

const START_TIMEOUT_MS = 30_000;

export async function startMariaDb(database: string): Promise<MariaDb> {
  const folder = await mkdtemp(join(tmpdir(), 'db-')); // short: the path of a socket has 107 characters at most
  const socket = join(folder, 'socket');
  const settings = [
    '--no-defaults',
    ...(process.getuid?.() === 0 ? ['--user=root'] : []), // root has to say that it is meant
    `--datadir=${folder}`,
    `--socket=${socket}`,
    '--skip-networking',
    '--skip-grant-tables', // nobody else may enter the folder
    '--innodb-buffer-pool-size=16M',
  ];
  const server = spawn('/bin/sh', ['-c', exitWithParent, 'sh', mariaDbCommand, ...settings], {
    detached: true,
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  server.once('exit', () => server.stdin.end());
  const ended = once(server, 'close');
  await untilReady(server);
  const script = '(new PDO("mysql:unix_socket=$argv[1]", "root", ""))->exec("CREATE DATABASE $argv[2]");';
  await promisify(execFile)('php', ['-r', script, socket, database]);
  return {
    socket,
    async close() {
      server.kill();
      await ended;
      await rm(folder, { recursive: true });
    },
  };
}

function untilReady(server: ChildProcessByStdio<Writable, null, Readable>): Promise<void> {
  return new Promise((resolve, reject) => {
    const said: string[] = [];
    const fail = (why: string) => reject(new Error(`MariaDB ${why}: ${said.join('\n')}`));
    const timer = setTimeout(() => fail('does not start'), START_TIMEOUT_MS);
    server.once('close', (code) => fail(`ended with ${code}`));
    createInterface(server.stderr).on('line', (line) => {
      said.push(line);
      if (!line.includes('ready for connections')) return;
      clearTimeout(timer);
      resolve();
    });
  });
}
