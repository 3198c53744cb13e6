import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App, type AppProps, type Stack, Stage } from 'aws-cdk-lib';
import { type SessionSocketProps, SessionSocketStack } from '../../lib/index.ts';

/** The required props. */
export const least = {
  sessionEndpoint: 'https://app.example.com/getSessionID',
  allowedOrigins: ['https://app.example.com'],
} satisfies SessionSocketProps;

const { context } = JSON.parse(readFileSync(join(import.meta.dirname, '..', '..', 'cdk.json'), 'utf8'));

/**
 * An app with the flags of cdk.json. It bundles, copies and validates nothing and takes no stack traces, so a template
 * costs milliseconds and not seconds.
 */
export function createApp(props: AppProps = {}): App {
  return new App({
    analyticsReporting: false,
    builtinCloudFormationValidation: false,
    treeMetadata: false,
    ...props,
    context: {
      ...context,
      'aws:cdk:bundling-stacks': [],
      'aws:cdk:disable-asset-staging': true,
      'aws:cdk:disable-creation-stack-traces': true,
      'aws:cdk:enable-path-metadata': true,
      ...props.context,
    },
  });
}

/** The deployment with these props, and defaults for all others. */
export function deploy(props: Partial<SessionSocketProps> = {}): Deployment {
  return readDeployment(new SessionSocketStack(createApp(), 'Shop', { ...least, ...props }));
}

export interface Template {
  readonly Description?: string;
  readonly Resources: Record<string, Resource>;
  readonly Outputs?: Record<string, { readonly Value: unknown }>;
}

export interface Resource {
  readonly Type: string;
  // biome-ignore lint/suspicious/noExplicitAny: a template is JSON of every shape, and a missing part fails its assertion.
  readonly Properties: Record<string, any>;
  readonly DependsOn?: readonly string[];
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
  readonly Metadata?: { readonly 'aws:cdk:path'?: string };
}

export interface FoundResource extends Resource {
  readonly logicalId: string;
  /** Its path below the construct: `Authorizer/Function`. */
  readonly path: string;
}

export interface Deployment {
  readonly template: Template;
  readonly resources: readonly FoundResource[];
  of(type: string): readonly FoundResource[];
  /** The only resource of its type, or the only one at or below that path. @throws when there is none, or another */
  the(type: string, path?: string): FoundResource;
  /** An intrinsic as a person reads it: `{Authorizer/Function}`, `arn:{AWS::Partition}:…`. */
  read(value: unknown): string;
}

export function readDeployment(stack: Stack): Deployment {
  const template: Template | undefined = Stage.of(stack)?.synth().getStackByName(stack.stackName).template;
  if (template === undefined) throw new Error(`${stack.stackName} is in no app.`);
  const resources = Object.entries(template.Resources).map(([logicalId, resource]) => ({
    ...resource,
    logicalId,
    path: pathOf(resource),
  }));
  const of = (type: string) => resources.filter(({ Type }) => Type === type);

  return {
    template,
    resources,
    of,
    the(type, path) {
      const found = of(type).filter((each) => path === undefined || `${each.path}/`.startsWith(`${path}/`));
      const [only] = found;
      if (only === undefined || found.length > 1)
        throw new Error(`${found.length} of ${type} at ${path ?? 'any path'}`);
      return only;
    },
    read,
  };

  function read(value: unknown): string {
    if (typeof value !== 'object' || value === null) return String(value);
    const [name, argument] = Object.entries(value)[0] ?? [];
    if (name === 'Ref') return `{${nameOf(argument)}}`;
    if (name === 'Fn::GetAtt' && argument[1] === 'Arn') return `{${nameOf(argument[0])}}`;
    if (name === 'Fn::Join') return argument[1].map(read).join(argument[0]);
    throw new Error(`Not known how to read ${JSON.stringify(value)}.`);
  }

  function nameOf(reference: string): string {
    return resources.find(({ logicalId }) => logicalId === reference)?.path ?? reference;
  }
}

/** `Shop/SessionSocket/Authorizer/Function/Resource` is `Authorizer/Function` to a reader. */
function pathOf(resource: Resource): string {
  const [, , ...path] = (resource.Metadata?.['aws:cdk:path'] ?? '').split('/');
  return path.filter((part) => part !== 'Resource').join('/');
}
