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
  /** What was told and done since the last question, once there is something. */
  news(): Promise<readonly string[]>;
  writeTemplate(change?: (template: TestTemplate) => void): Promise<void>;
  code(asset: string, text: string): Promise<void>;
}

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** An assembly whose functions only note what becomes of them. */
async function watch(): Promise<Watched> {
  const template = chatTemplate();
  const { folder, remove } = await writeAssembly(template);
  closers.push(remove);
  const said: string[] = [];
  let wake: () => void = () => undefined;
  const say = (text: string) => {
    said.push(text);
    wake();
  };
  const functions = ['Connect', 'Message'].map((logicalId) => ({
    logicalId,
    replaceCode: (taskRoot: string) => say(`${logicalId} from ${taskRoot.slice(folder.length + 1)}`),
  }));
  const log = (entry: LogEntry) => {
    if (entry.kind === 'template-changed') say(`changed: ${entry.logicalIds.join()}`);
    if (entry.kind === 'function-reloaded') say(`${entry.function} reloaded`);
  };
  closers.push(await watchAssembly({ assembly: folder }, await readAssembly(folder), functions, log));
  return {
    folder,
    template,
    async news() {
      if (said.length === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return said.splice(0);
    },
    async writeTemplate(change) {
      change?.(template);
      await writeFile(join(folder, 'Chat.template.json'), JSON.stringify(template));
    },
    async code(asset, text) {
      // At once, as compilers do not: otherwise an empty file might be seen first, and reloaded as well.
      await writeFile(`${folder}.part`, text);
      await rename(`${folder}.part`, join(folder, asset, 'index.js'));
    },
  };
}

describe('the watch over an assembly', () => {
  it('gives a function its code again when its bundle is written in its place, and no other', async () => {
    const { code, news } = await watch();
    await code('asset.message', 'exports.handler = () => 2;');
    expect(await news()).toEqual(['Message from asset.message', 'Message reloaded']);
    await code('asset.connect', 'exports.handler = () => 2;');
    expect(await news()).toEqual(['Connect from asset.connect', 'Connect reloaded']);
  });

  it('sees files in folders of a bundle, those that came later included', async () => {
    const { folder, news } = await watch();
    await mkdir(join(folder, 'asset.message', 'lib', 'deep'), { recursive: true });
    expect(await news()).toContain('Message reloaded');
    await writeFile(join(folder, 'asset.message', 'lib', 'deep', 'file.js'), '1');
    expect(await news()).toContain('Message reloaded');
  });

  it('takes the asset that a new synth names', async () => {
    const { folder, template, news, writeTemplate } = await watch();
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
    expect(await news()).toEqual(['Message from asset.new', 'Message reloaded']);
  });

  it('says once what else changed, by its logical id', async () => {
    const { template, code, news, writeTemplate } = await watch();
    await writeTemplate(({ Resources }) => {
      Object.assign(Resources['Message']?.Properties ?? {}, { Timeout: 9 });
      delete Resources['Log'];
      Resources['Queue'] = { Type: 'AWS::SQS::Queue' };
    });
    expect(await news()).toEqual(['changed: Log,Message,Queue']);
    // The same again is no news, and the way back is none either.
    await writeTemplate();
    await code('asset.connect', '1');
    expect(await news()).toEqual(['Connect from asset.connect', 'Connect reloaded']);
    await writeTemplate(() => Object.assign(template, chatTemplate()));
    await code('asset.connect', '22');
    expect(await news()).toEqual(['Connect from asset.connect', 'Connect reloaded']);
  });

  it('looks again at what was half written when it looked', async () => {
    const { folder, code, news, template } = await watch();
    // A pipe, because whoever writes to one knows when it is read.
    await promisify(execFile)('mkfifo', [`${folder}.pipe`]);
    await rename(`${folder}.pipe`, join(folder, 'Chat.template.json'));
    await code('asset.message', 'exports.handler = () => 2;');
    const pipe = await open(join(folder, 'Chat.template.json'), 'w');
    await pipe.write('{"Resources": {');
    await pipe.close();
    await writeFile(`${folder}.part`, JSON.stringify(template));
    await rename(`${folder}.part`, join(folder, 'Chat.template.json'));
    expect(await news()).toEqual(['Message from asset.message', 'Message reloaded']);
  });

  it('finds an assembly again that was removed and made anew', async () => {
    const { folder, news, code } = await watch();
    await rename(folder, `${folder}-aside`);
    await mkdir(folder);
    await rm(folder, { recursive: true });
    await rename(`${folder}-aside`, folder);
    await code('asset.message', 'exports.handler = () => 3;');
    expect(await news()).toEqual(['Message from asset.message', 'Message reloaded']);
  });
});
