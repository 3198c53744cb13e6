import { isDeepStrictEqual } from 'node:util';
import type { Template } from '../assembly.ts';

/** What a template asks for, by logical id and, for what is no resource, by the section's name. */
export type Content = Readonly<Record<string, unknown>>;

const sections = ['Conditions', 'Mappings', 'Outputs', 'Parameters', 'Transform'];

/** @returns undefined for a function whose code is no asset */
export function assetKey({ Resources }: Template, logicalId: string): string | undefined {
  const { S3Key } = Object(Resources[logicalId]?.Properties?.Code) as { S3Key?: unknown };
  return typeof S3Key === 'string' ? S3Key : undefined;
}

/** Without what any `cdk synth` changes: the keys of bundles, and notes that nobody deploys. */
export function withoutCode(template: Template): Content {
  const content: Record<string, unknown> = {};
  for (const section of sections) content[section] = (template as unknown as Content)[section];
  for (const [logicalId, { Type, Properties, Condition }] of Object.entries(template.Resources)) {
    if (Type === 'AWS::CDK::Metadata') continue;
    const isBundled = Type === 'AWS::Lambda::Function' && assetKey(template, logicalId) !== undefined;
    content[logicalId] = { Type, Condition, Properties: isBundled ? { ...Properties, Code: 'an asset' } : Properties };
  }
  return content;
}

export function changesBetween(before: Content, after: Content): readonly string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].filter((name) => !isDeepStrictEqual(before[name], after[name])).sort();
}
