import { execFile } from 'node:child_process';
import { mkdir, open, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import type { LogEntry } from '../../../local/log.ts';
import { readAssembly } from '../../../local/template/assembly.ts';
import { watchAssembly } from '../../../local/template/watch.ts';
import { type TestTemplate, writeAssembly } from '../../assemblies/assembly.ts';
import { chatTemplate } from '../../assemblies/chat.ts';

interface Watched {
  readonly folder: string;
  readonly template: TestTemplate;
  /** Waits for events and returns all events since the last call. */
  events(): Promise<readonly string[]>;
  writeTemplate(change?: (template: TestTemplate) => void): Promise<void>;
  code(asset: string, text: string): Promise<void>;
}

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** An assembly with fake functions that record events. */
async function watch(): Promise<Watched> {
  const template = chatTemplate();
  const { folder, remove } = await writeAssembly(template);
  closers.push(remove);
  const recorded: string[] = [];
  let wake: () => void = () => undefined;
  const record = (text: string) => {
    recorded.push(text);
    wake();
  };
  const functions = ['Connect', 'Message'].map((logicalId) => ({
    logicalId,
    replaceCode: (taskRoot: string) => record(`${logicalId} from ${taskRoot.slice(folder.length + 1)}`),
  }));
  const log = (entry: LogEntry) => {
    if (entry.kind === 'template-changed') record(`changed: ${entry.logicalIds.join()}`);
    if (entry.kind === 'function-reloaded') record(`${entry.function} reloaded`);
  };
  closers.push(await watchAssembly({ assembly: folder }, await readAssembly(folder), functions, log));
  return {
    folder,
    template,
    async events() {
      if (recorded.length === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return recorded.splice(0);
    },
    async writeTemplate(change) {
      change?.(template);
      await writeFile(join(folder, 'Chat.template.json'), JSON.stringify(template));
    },
    async code(asset, text) {
      // Atomic, because otherwise the watch could see and reload an empty file first.
      await writeFile(`${folder}.part`, text);
      await rename(`${folder}.part`, join(folder, asset, 'index.js'));
    },
  };
}

describe('the watch over an assembly', () => {
  it('reloads only the function whose bundle was rewritten', async () => {
    const { code, events } = await watch();
    await code('asset.message', 'exports.handler = () => 2;');
    expect(await events()).toEqual(['Message from asset.message', 'Message reloaded']);
    await code('asset.connect', 'exports.handler = () => 2;');
    expect(await events()).toEqual(['Connect from asset.connect', 'Connect reloaded']);
  });

  it('detects files in subfolders of a bundle, including new subfolders', async () => {
    const { folder, events } = await watch();
    await mkdir(join(folder, 'asset.message', 'lib', 'deep'), { recursive: true });
    expect(await events()).toContain('Message reloaded');
    await writeFile(join(folder, 'asset.message', 'lib', 'deep', 'file.js'), '1');
    expect(await events()).toContain('Message reloaded');
  });

  it('uses the new asset of a new synth', async () => {
    const { folder, template, events, writeTemplate } = await watch();
    await mkdir(join(folder, 'asset.new'));
    const manifest = (names: readonly string[]) =>
      JSON.stringify({
        files: Object.fromEntries(
          names.map((name) => [
            name,
            {
              source: { path: `asset.${name}`, packaging: 'zip' },
              destinations: { here: { objectKey: `${name}.zip` } },
            },
          ]),
        ),
      });
    await writeTemplate(() =>
      Object.assign(template.Resources['Message']?.Properties ?? {}, { Code: { S3Key: 'new.zip' } }),
    );
    await writeFile(join(folder, 'Chat.assets.json'), manifest(['new', 'connect']));
    expect(await events()).toEqual(['Message from asset.new', 'Message reloaded']);
  });

  it('logs other changes once, with their logical ids', async () => {
    const { template, code, events, writeTemplate } = await watch();
    await writeTemplate(({ Resources }) => {
      Object.assign(Resources['Message']?.Properties ?? {}, { Timeout: 9 });
      delete Resources['Log'];
      Resources['Queue'] = { Type: 'AWS::SQS::Queue' };
    });
    expect(await events()).toEqual(['changed: Log,Message,Queue']);
    // Writing the same template, or restoring the old one, is not logged.
    await writeTemplate();
    await code('asset.connect', '1');
    expect(await events()).toEqual(['Connect from asset.connect', 'Connect reloaded']);
    await writeTemplate(() => Object.assign(template, chatTemplate()));
    await code('asset.connect', '22');
    expect(await events()).toEqual(['Connect from asset.connect', 'Connect reloaded']);
  });

  it('checks an incomplete file again', async () => {
    const { folder, code, events, template } = await watch();
    // A named pipe, because its writer knows when it is read.
    await promisify(execFile)('mkfifo', [`${folder}.pipe`]);
    await rename(`${folder}.pipe`, join(folder, 'Chat.template.json'));
    await code('asset.message', 'exports.handler = () => 2;');
    const pipe = await open(join(folder, 'Chat.template.json'), 'w');
    await pipe.write('{"Resources": {');
    await pipe.close();
    await writeFile(`${folder}.part`, JSON.stringify(template));
    await rename(`${folder}.part`, join(folder, 'Chat.template.json'));
    expect(await events()).toEqual(['Message from asset.message', 'Message reloaded']);
  });

  it('finds an assembly again after it was removed and recreated', async () => {
    const { folder, events, code } = await watch();
    await rename(folder, `${folder}-aside`);
    await mkdir(folder);
    await rm(folder, { recursive: true });
    await rename(`${folder}-aside`, folder);
    await code('asset.message', 'exports.handler = () => 3;');
    expect(await events()).toEqual(['Message from asset.message', 'Message reloaded']);
  });
});
