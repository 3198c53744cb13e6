import { appendFile, cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type LocalCloud, type LogEntry, startLocalCloud } from '../../local/index.ts';
import { type TestAssembly, writeAssembly } from '../assemblies/assembly.ts';
import { chatTemplate } from '../assemblies/chat.ts';
import { connect } from '../socket-client.ts';

let assembly: TestAssembly;
let cloud: LocalCloud;
let listeners: ((entry: LogEntry) => void)[];

beforeEach(async () => {
  assembly = await writeAssembly(chatTemplate());
  listeners = [];
  cloud = await startLocalCloud({
    assembly: assembly.folder,
    watch: true,
    log: (entry) => {
      for (const listener of listeners) listener(entry);
    },
  });
});
afterEach(async () => {
  await cloud.close();
  await assembly.remove();
});

/** The next entry of this kind. */
function next(kind: LogEntry['kind']): Promise<LogEntry> {
  return new Promise((resolve) => listeners.push((entry) => entry.kind === kind && resolve(entry)));
}

const answering = (text: string) =>
  `exports.handler = async () => ({ statusCode: 200, body: ${JSON.stringify(text)} });\n`;
const bundleOf = (name: string) => join(assembly.folder, `asset.${name}`, 'index.js');

describe('hot restart', () => {
  it('runs the new code for open connections soon after it is written', async () => {
    const client = await connect(`${cloud.webSocketUrl}?token=allow`);
    client.send('warm');
    await client.next();
    await writeFile(bundleOf('message'), answering('new'));
    let answer = '';
    while (answer !== 'new') {
      client.send('?');
      answer = await client.next();
    }
    expect(cloud.functions['Message']?.coldStarts).toBe(2);
  });

  it('lets a running invocation finish with its old code', async () => {
    await cloud.functions['Worker']?.invoke({ action: 'count' });
    const sleeping = cloud.functions['Worker']?.invoke({ action: 'sleeps', ms: 300 });
    const reloaded = next('function-reloaded');
    await appendFile(bundleOf('worker'), "exports.handler = async () => 'new';");
    await reloaded;
    expect(await sleeping).toMatchObject({ outcome: 'returned', payload: expect.stringMatching(/^\d+$/) });
    expect(await cloud.functions['Worker']?.invoke({})).toMatchObject({ outcome: 'returned', payload: '"new"' });
  });

  it('restarts no other function, and keeps the tables’ rows', async () => {
    await cloud.functions['Worker']?.invoke({ action: 'count' });
    const reloaded = next('function-reloaded');
    await writeFile(bundleOf('message'), answering('new'));
    expect(await reloaded).toEqual({ kind: 'function-reloaded', function: 'Message' });
    expect(await cloud.functions['Worker']?.invoke({ action: 'count' })).toMatchObject({ payload: '2' });
  });

  it('runs the asset of a new synth in the same folder, as the function sees it', async () => {
    await mkdir(join(assembly.folder, 'asset.other'));
    await cp(bundleOf('worker'), join(assembly.folder, 'asset.other', 'index.js'));
    const reloaded = next('function-reloaded');
    for (const file of ['Chat.assets.json', 'Chat.template.json']) {
      const text = await readFile(join(assembly.folder, file), 'utf8');
      const named = text.replaceAll('worker.zip', 'other.zip').replaceAll('asset.worker', 'asset.other');
      await writeFile(join(assembly.folder, file), named);
    }
    expect(await reloaded).toEqual({ kind: 'function-reloaded', function: 'Worker' });
    const result = await cloud.functions['Worker']?.invoke({ action: 'environment' });
    expect(JSON.parse(result?.payload ?? '')).toMatchObject({
      LAMBDA_TASK_ROOT: join(assembly.folder, 'asset.other'),
    });
  });

  it('reports other changes of a new synth, and continues without them', async () => {
    const changed = next('template-changed');
    const file = join(assembly.folder, 'Chat.template.json');
    const template = chatTemplate();
    Object.assign(template.Resources['Worker']?.Properties ?? {}, { Timeout: 9 });
    await writeFile(file, JSON.stringify(template));
    expect(await changed).toEqual({ kind: 'template-changed', logicalIds: ['Worker'] });
    expect(await cloud.functions['Worker']?.invoke({ action: 'count' })).toMatchObject({ payload: '1' });
  });
});
