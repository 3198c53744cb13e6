import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The output of `cdk synth`: one stack's template and the folders of its assets. */
export interface Assembly {
  readonly stackName: string;
  /** The account and region of the stack's environment. A template for a fixed environment has both in its ARNs. */
  readonly accountId?: string;
  readonly region?: string;
  readonly template: Template;
  /** @returns the asset folder for this object key, or undefined if no asset manifest has it */
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
  /** `aws://account/region` */
  readonly environment?: string;
  readonly dependencies?: readonly string[];
  readonly properties?: {
    readonly file?: string;
    readonly templateFile?: string;
    readonly stackName?: string;
    readonly directoryName?: string;
  };
}

type Artifacts = Readonly<Record<string, Artifact>>;

interface AssetManifest {
  readonly files?: Record<
    string,
    {
      readonly source: { readonly path?: string; readonly packaging?: string };
      readonly destinations: Record<string, { readonly objectKey: string }>;
    }
  >;
}

interface StackArtifact {
  /** The folder of its manifest. Each CDK stage has its own folder inside the assembly. */
  readonly folder: string;
  readonly id: string;
  readonly stack: Artifact;
  readonly artifacts: Artifacts;
}

/**
 * @param stackName the stack's name in `cdk ls` or CloudFormation; required if there are several stacks
 * @throws a sentence if there is no assembly, or not exactly one matching stack
 */
export async function readAssembly(folder: string, stackName?: string): Promise<Assembly> {
  const { id, stack, ...found } = choose(await findStacks(folder), folder, stackName);
  const templateFile = stack.properties?.templateFile;
  if (templateFile === undefined) throw new Error(`The stack ${id} in ${folder} names no template file.`);

  const folders = new Map<string, string>();
  for (const dependency of stack.dependencies ?? []) {
    const artifact = found.artifacts[dependency];
    if (artifact?.type !== 'cdk:asset-manifest' || artifact.properties?.file === undefined) continue;
    const assets = await readJson<AssetManifest>(join(found.folder, artifact.properties.file));
    for (const { source, destinations } of Object.values(assets.files ?? {})) {
      if (source.packaging !== 'zip' || source.path === undefined) continue;
      for (const { objectKey } of Object.values(destinations)) folders.set(objectKey, join(found.folder, source.path));
    }
  }
  return {
    stackName: stack.properties?.stackName ?? id,
    ...readEnvironment(stack.environment),
    template: await readJson<Template>(join(found.folder, templateFile)),
    assetFolder: (objectKey) => folders.get(objectKey),
  };
}

/** An environment-agnostic stack has `unknown-account` and `unknown-region`: https://docs.aws.amazon.com/cdk/v2/guide/environments.html */
function readEnvironment(environment = ''): Pick<Assembly, 'accountId' | 'region'> {
  const [, account = '', region = ''] = /^aws:\/\/([^/]+)\/([^/]+)$/.exec(environment) ?? [];
  return {
    ...(/^\d{12}$/.test(account) ? { accountId: account } : {}),
    ...(region === '' || region === 'unknown-region' ? {} : { region }),
  };
}

async function findStacks(folder: string): Promise<readonly StackArtifact[]> {
  const { artifacts } = await readManifest(folder);
  const found: StackArtifact[] = [];
  for (const [id, artifact] of Object.entries(artifacts)) {
    if (artifact.type === 'aws:cloudformation:stack') found.push({ folder, id, stack: artifact, artifacts });
    const stage = artifact.type === 'cdk:cloud-assembly' ? artifact.properties?.directoryName : undefined;
    if (stage !== undefined) found.push(...(await findStacks(join(folder, stage))));
  }
  return found;
}

function choose(stacks: readonly StackArtifact[], folder: string, wanted: string | undefined): StackArtifact {
  const names = stacks.map(({ id, stack }) => stack.displayName ?? id).join(', ');
  const meant = stacks.filter(
    ({ id, stack }) => wanted === undefined || [id, stack.displayName, stack.properties?.stackName].includes(wanted),
  );
  const [first] = meant;
  if (stacks.length === 0) throw new Error(`There is no stack in ${folder}.`);
  if (first === undefined) throw new Error(`There is no stack ${wanted} in ${folder}. Use ${names}.`);
  if (meant.length > 1) {
    throw new Error(
      `The local cloud runs one stack, and ${folder} has ${stacks.length}. Choose one with --stack: ${names}.`,
    );
  }
  return first;
}

async function readManifest(folder: string): Promise<{ readonly artifacts: Artifacts }> {
  try {
    return await readJson(join(folder, 'manifest.json'));
  } catch (error) {
    // ENOTDIR: the path is a file, such as a template.
    if (!['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    throw new Error(`There is no synthesized CDK app in ${folder}. Run \`npx cdk synth\` first.`, { cause: error });
  }
}

async function readJson<T>(file: string): Promise<T> {
  return JSON.parse(await readFile(file, 'utf8')) as T;
}
