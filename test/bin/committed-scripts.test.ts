import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { compileCommittedScripts } from '../../bin/committed-scripts.ts';

const project = join(import.meta.dirname, '../..');

it('the committed JavaScript matches its TypeScript; otherwise run npm run build:scripts', async () => {
  for (const [file, compiled] of await compileCommittedScripts()) {
    expect(await readFile(join(project, file), 'utf8'), file).toBe(compiled);
  }
});
