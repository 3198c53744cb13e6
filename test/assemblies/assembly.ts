import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface TestResource {
  Type: string;
  Properties?: Record<string, unknown>;
  Condition?: string;
  DependsOn?: string[];
}

type Resources = Record<string, TestResource>;

export interface TestTemplate {
  Transform?: unknown;
  Resources: Resources;
  Conditions?: Record<string, unknown>;
  Outputs?: Record<string, { Value: unknown; Condition?: string }>;
}

export interface TestAssembly {
  readonly folder: string;
  remove(): Promise<void>;
}

const handlers = new URL('./handlers/', import.meta.url);

/** Writes what `cdk synth` would write for this template. Every `S3Key` `<name>.zip` is the handler file `<name>.js`. */
export async function writeAssembly(template: TestTemplate): Promise<TestAssembly> {
  const folder = await mkdtemp(join(tmpdir(), 'session-socket-assembly-'));
  const names = Object.values(template.Resources)
    .map(({ Properties }) => (Properties?.['Code'] as { S3Key?: unknown } | undefined)?.S3Key)
    .filter((key) => typeof key === 'string')
    .map((key) => key.replace(/\.zip$/, ''));
  for (const name of new Set(names)) {
    await mkdir(join(folder, `asset.${name}`));
    await cp(new URL(`${name}.js`, handlers), join(folder, `asset.${name}`, 'index.js'));
    await cp(new URL('sign.js', handlers), join(folder, `asset.${name}`, 'sign.js'));
  }
  const files = names.map((name) => [
    name,
    {
      source: { path: `asset.${name}`, packaging: 'zip' },
      destinations: { here: { bucketName: 'bucket', objectKey: `${name}.zip` } },
    },
  ]);
  const artifacts = {
    'Chat.assets': { type: 'cdk:asset-manifest', properties: { file: 'Chat.assets.json' } },
    Chat: {
      type: 'aws:cloudformation:stack',
      properties: { templateFile: 'Chat.template.json' },
      dependencies: ['Chat.assets'],
      displayName: 'Chat',
    },
    Tree: { type: 'cdk:tree', properties: { file: 'tree.json' } },
  };
  await writeFile(join(folder, 'manifest.json'), JSON.stringify({ version: '55.0.0', artifacts }));
  await writeFile(join(folder, 'Chat.assets.json'), JSON.stringify({ files: Object.fromEntries(files) }));
  await writeFile(join(folder, 'Chat.template.json'), JSON.stringify(template));
  return { folder, remove: () => rm(folder, { recursive: true }) };
}
