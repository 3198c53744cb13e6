import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What `cdk synth` left behind: one stack's template and where each asset it names lies on disk. */
export interface Assembly {
  readonly stackName: string;
  readonly template: Template;
  /** @returns the folder of the asset with this object key, or undefined when no asset manifest names it */
  assetFolder(objectKey: string): string | undefined;
}

export interface Template {
  readonly Transform?: unknown;
  readonly Resources: Record<string, Resource>;
  readonly Parameters?: Record<string, { readonly Type: string; readonly Default?: unknown }>;
  readonly Mappings?: Record<string, Record<string, Record<string, unknown>>>;
  readonly Conditions?: Record<string, unknown>;
  readonly Outputs?: Record<string, { readonly Value: unknown; readonly Condition?: string }>;
}

export interface Resource {
  readonly Type: string;
  readonly Properties?: Record<string, unknown>;
  readonly Condition?: string;
  readonly DependsOn?: string | readonly string[];
}

interface Artifact {
  readonly type: string;
  readonly displayName?: string;
  readonly dependencies?: readonly string[];
  readonly properties?: { readonly file?: string; readonly templateFile?: string };
}

interface AssetManifest {
  readonly files?: Record<
    string,
    {
      readonly source: { readonly path?: string; readonly packaging?: string };
      readonly destinations: Record<string, { readonly objectKey: string }>;
    }
  >;
}

export async function readAssembly(folder: string): Promise<Assembly> {
  const manifest = await readJson<{ artifacts: Record<string, Artifact> }>(join(folder, 'manifest.json'));
  const stacks = Object.entries(manifest.artifacts).filter(([, { type }]) => type === 'aws:cloudformation:stack');
  const [only] = stacks;
  if (only === undefined || stacks.length > 1) {
    throw new Error(
      `The local cloud runs one stack; ${folder} has ${stacks.length}: ${stacks.map(([id]) => id).join()}`,
    );
  }
  const [stackId, stack] = only;
  const templateFile = stack.properties?.templateFile;
  if (templateFile === undefined) throw new Error(`The stack ${stackId} in ${folder} names no template file.`);

  const folders = new Map<string, string>();
  for (const dependency of stack.dependencies ?? []) {
    const artifact = manifest.artifacts[dependency];
    if (artifact?.type !== 'cdk:asset-manifest' || artifact.properties?.file === undefined) continue;
    const assets = await readJson<AssetManifest>(join(folder, artifact.properties.file));
    for (const { source, destinations } of Object.values(assets.files ?? {})) {
      if (source.packaging !== 'zip' || source.path === undefined) continue;
      for (const { objectKey } of Object.values(destinations)) folders.set(objectKey, join(folder, source.path));
    }
  }
  return {
    stackName: stack.displayName ?? stackId,
    template: await readJson<Template>(join(folder, templateFile)),
    assetFolder: (objectKey) => folders.get(objectKey),
  };
}

async function readJson<T>(file: string): Promise<T> {
  return JSON.parse(await readFile(file, 'utf8')) as T;
}
