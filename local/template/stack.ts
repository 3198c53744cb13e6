import type { Assembly } from './assembly.ts';
import { refuseUnknownProperties, refuseUnknownType } from './known-properties.ts';
import { assignPhysicalIds, defaultAccountId } from './physical-ids.ts';
import { createResolver, type Value } from './resolve.ts';

/** One resource of the stack with resolved properties. */
export interface StackResource {
  readonly logicalId: string;
  readonly type: string;
  readonly ref: string;
  readonly properties: Properties;
  /** @throws for an unknown attribute */
  attribute(name: string): string;
}

export interface Stack {
  readonly name: string;
  readonly region: string;
  readonly accountId: string;
  readonly outputs: Readonly<Record<string, string>>;
  ofType(type: string): readonly StackResource[];
  /** The resource's `DependsOn`. */
  dependenciesOf(logicalId: string): readonly string[];
}

/** Typed access to resolved properties. A wrong type is an error with the path. */
export interface Properties {
  optionalText(name: string): string | undefined;
  text(name: string): string;
  optionalNumber(name: string): number | undefined;
  optionalFlag(name: string): boolean | undefined;
  texts(name: string): readonly string[];
  optionalObject(name: string): Readonly<Record<string, Value | undefined>> | undefined;
  value(name: string): Value | undefined;
}

/**
 * Resolves the whole template once, at start.
 * @throws for the first unknown part, with its logical id
 */
export function resolveStack({ stackName, accountId = defaultAccountId, template }: Assembly, region: string): Stack {
  if (template.Transform !== undefined) throw new Error('Transform: the local cloud does not transform templates.');
  const ids = assignPhysicalIds(template, { name: stackName, region, accountId }, (value, path) =>
    resolver.resolve(value, path),
  );
  const resolver = createResolver(ids, template);
  const isWanted = (condition: string | undefined) => condition === undefined || resolver.condition(condition);

  const resources: StackResource[] = [];
  for (const [logicalId, { Type, Properties, Condition }] of Object.entries(template.Resources)) {
    if (!isWanted(Condition)) continue;
    refuseUnknownType(logicalId, Type);
    const properties = resolver.resolve(Properties ?? {}, logicalId) as Record<string, Value>;
    refuseUnknownProperties(logicalId, Type, properties);
    resources.push({
      logicalId,
      type: Type,
      ref: ids.ref(logicalId, logicalId),
      properties: readProperties(properties, logicalId),
      attribute: (name) => String(ids.attribute(logicalId, name, logicalId)),
    });
  }

  const outputs: Record<string, string> = {};
  for (const [name, { Value, Condition }] of Object.entries(template.Outputs ?? {})) {
    if (isWanted(Condition)) outputs[name] = String(resolver.resolve(Value, `Outputs.${name}`));
  }
  return {
    name: stackName,
    region,
    accountId,
    outputs,
    ofType: (type) => resources.filter((each) => each.type === type),
    dependenciesOf: (logicalId) => [template.Resources[logicalId]?.DependsOn ?? []].flat(),
  };
}

export function readProperties(properties: Readonly<Record<string, Value | undefined>>, path: string): Properties {
  const optionalText = (name: string) => {
    const value = properties[name];
    if (value === undefined || typeof value === 'string') return value;
    // YAML templates contain numbers and booleans instead of strings.
    if (typeof value === 'number' || typeof value === 'boolean') return String(value);
    throw new Error(`${path}.${name} must be a string.`);
  };
  return {
    optionalText,
    text(name) {
      const value = optionalText(name);
      if (value === undefined) throw new Error(`${path}.${name} is missing.`);
      return value;
    },
    optionalNumber(name) {
      const value = properties[name];
      if (value === undefined) return undefined;
      const number = Number(value);
      if (Number.isNaN(number)) throw new Error(`${path}.${name} must be a number.`);
      return number;
    },
    optionalFlag(name) {
      const value = properties[name];
      if (value === undefined) return undefined;
      if (value === true || value === 'true') return true;
      if (value === false || value === 'false') return false;
      throw new Error(`${path}.${name} must be true or false.`);
    },
    texts(name) {
      const value = properties[name] ?? [];
      if (!Array.isArray(value)) throw new Error(`${path}.${name} must be a list.`);
      return value.map((each: Value) => {
        if (typeof each !== 'string') throw new Error(`${path}.${name} must be a list of strings.`);
        return each;
      });
    },
    optionalObject(name) {
      const value = properties[name];
      if (value === undefined) return undefined;
      if (isObject(value)) return value;
      throw new Error(`${path}.${name} must be an object.`);
    },
    value: (name) => properties[name],
  };
}

export function isObject(value: Value): value is { readonly [key: string]: Value | undefined } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
