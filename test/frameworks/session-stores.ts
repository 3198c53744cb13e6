import { execFile } from 'node:child_process';
import { readdir, readFile, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';

/** Where a framework keeps its sessions, looked at from outside. */
export interface SessionStore {
  /** All that is in it, and how old it is. */
  read(): Promise<unknown>;
  /** Makes everything ten minutes older, so that whatever is touched after it shows. */
  age(): Promise<void>;
  /** Forgets every session, as when they have expired. */
  clear(): Promise<void>;
}

const TEN_MINUTES_SECONDS = 600;

/** @param leftovers whether the framework leaves empty files that are no session; they are not counted */
export function fileStore(folder: string, leftovers: 'none' | 'empty files' = 'none'): SessionStore {
  const files = async () => (await readdir(folder)).sort().map((name) => join(folder, name));
  const readOnce = async () =>
    Promise.all(
      (await files()).map(async (file) => ({
        file,
        content: await readFile(file, 'utf8'),
        changedAt: (await stat(file)).mtimeMs,
      })),
    );
  /** PHP makes a session's file when it opens it, and may write into it after the page was sent. */
  const readWritten = async () => {
    let all = await readOnce();
    for (let tries = 0; tries < 500 && all.some(({ content }) => content === ''); tries += 1) {
      await pause(10);
      all = await readOnce();
    }
    return all;
  };
  return {
    read: async () =>
      leftovers === 'none' ? readWritten() : (await readOnce()).filter(({ content }) => content !== ''),
    async age() {
      if (leftovers === 'none') await readWritten();
      const then = Math.floor(Date.now() / 1000) - TEN_MINUTES_SECONDS;
      for (const file of await files()) await utimes(file, then, then);
    },
    async clear() {
      for (const file of await files()) await rm(file);
    },
  };
}

export interface Database {
  /** As PHP's PDO has it. */
  readonly dsn: string;
  readonly user?: string;
}

export interface SessionSql {
  /** Selects all of it. */
  readonly read: string;
  readonly clear: string;
  /** With `?` where the seconds go; not where nothing tells how old a session is. */
  readonly age?: string;
}

export function databaseStore(database: Database, sql: SessionSql): SessionStore {
  return {
    read: () => query(database, sql.read),
    async age() {
      if (sql.age !== undefined) await query(database, sql.age.replace('?', String(TEN_MINUTES_SECONDS)));
    },
    async clear() {
      await query(database, sql.clear);
    },
  };
}

/** By PHP, which has the driver already. */
async function query({ dsn, user = '' }: Database, sql: string): Promise<unknown> {
  const script = 'echo json_encode((new PDO($argv[1], $argv[2], ""))->query($argv[3])->fetchAll(PDO::FETCH_ASSOC));';
  const { stdout } = await promisify(execFile)('php', ['-r', script, dsn, user, sql]);
  return JSON.parse(stdout);
}
