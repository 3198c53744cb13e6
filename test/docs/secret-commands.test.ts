import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { needs } from '../needs.ts';

/*
 * The commands of docs/operations.md that change the gateway's secret, run as they are pasted, with an `aws` that keeps one secret in a
 * file. One that stored a whole new value would forget the fields that it does not name: with them the credentials of everybody.
 */

const page = readFileSync(join(import.meta.dirname, '../../docs/operations.md'), 'utf8');
const blocks = [...page.matchAll(/^ *```bash\n([\s\S]*?)^ *```$/gm)].map(([, code = '']) => code);
const commands = blocks.filter((code) => code.includes('put-secret-value'));
const commandOf = (part: string) => commands.find((code) => code.includes(part)) ?? '';

const fakeAws = `#!/bin/sh
case "$*" in
  "secretsmanager get-secret-value --secret-id the-name --query SecretString --output text") cat "$STORE" ;;
  "secretsmanager put-secret-value --secret-id the-name --secret-string file://secret.json") cp secret.json "$STORE" ;;
  *) echo "not expected: $*" >&2; exit 2 ;;
esac
`;
const hasJq = spawnSync('jq', ['--version']).status === 0;
const jq = needs(
  hasJq ? undefined : { name: 'jq', missing: 'No jq runs here, which the commands of the docs use.', packages: ['jq'] },
);

describe('a command of docs/operations.md that changes the secret', jq, () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'secret-commands-'));
    writeFileSync(join(folder, 'aws'), fakeAws, { mode: 0o755 });
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  /** Pastes it, with values for what is in angle brackets, and reads what is stored then. */
  function paste(command: string, stored: string): string {
    const store = join(folder, 'store.json');
    writeFileSync(store, stored);
    const filled = command
      .replace('<SecretName>', 'the-name')
      .replace('<new>', 'new-secret')
      .replace('<password>', "it's");
    const env = { ...process.env, PATH: `${folder}:${process.env['PATH']}`, STORE: store };
    // Without --norc a bash whose input is a socket, as Node's pipes are, may read ~/.bashrc, which may put another `aws` first.
    execFileSync('bash', ['--norc', '-c', filled.replace("'staging:it's'", '"staging:it\'s"')], {
      cwd: folder,
      env,
      stdio: 'pipe',
    });
    expect(readdirSync(folder)).not.toContain('secret.json');
    return readFileSync(store, 'utf8');
  }

  it('stores a new secret beside the old one, and keeps the other fields', () => {
    const stored = paste(commandOf('NEW_SECRET'), '{"secret":"old","authorization":"Basic eA=="}\n');
    expect(JSON.parse(stored)).toEqual({ secret: 'new-secret', previousSecret: 'old', authorization: 'Basic eA==' });
  });

  it('forgets the old secret, and keeps the other fields', () => {
    const [, script = ''] = /`(jq -ce 'del.*?)`/.exec(page) ?? [];
    const command = commandOf('NEW_SECRET').replace(/jq -ce '.*?'/, script);
    const stored = paste(command, '{"secret":"new","previousSecret":"old","authorization":"Basic eA=="}');
    expect(JSON.parse(stored)).toEqual({ secret: 'new', authorization: 'Basic eA==' });
  });

  it('adds the header of HTTP Basic, and keeps the credentials', () => {
    const stored = paste(commandOf('AUTHORIZATION'), '{"secret":"old","previousSecret":"older"}');
    const authorization = `Basic ${Buffer.from("staging:it's").toString('base64')}`;
    expect(JSON.parse(stored)).toEqual({ secret: 'old', previousSecret: 'older', authorization });
  });

  it.each(['', 'no JSON'])('changes nothing where the stored secret reads %j', (stored) => {
    for (const command of commands) {
      try {
        paste(command, stored);
      } catch {
        // The command has failed, in the terminal of the person who pasted it.
      }
      expect(readFileSync(join(folder, 'store.json'), 'utf8')).toBe(stored);
    }
  });
});
