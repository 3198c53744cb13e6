import type { Template } from './assembly.ts';

/** A resolved template value, without intrinsics. */
export type Value = string | number | boolean | null | readonly Value[] | { readonly [key: string]: Value | undefined };

/** The results of `Ref` and `Fn::GetAtt` for every resource of the stack. */
export interface PhysicalIds {
  ref(name: string, path: string): string;
  attribute(logicalId: string, attribute: string, path: string): Value;
}

export interface Resolver {
  /** @throws with `path` for an unknown intrinsic or reference */
  resolve(value: unknown, path: string): Value;
  condition(name: string): boolean;
}

type Intrinsic = (argument: unknown, path: string) => Value;

/** The result of `AWS::NoValue`. A property with it is removed, as in CloudFormation. */
const noValue: unique symbol = Symbol('AWS::NoValue');

/** CloudFormation's intrinsic functions, evaluated with the local cloud's physical ids. */
export function createResolver(
  ids: PhysicalIds,
  { Conditions: conditions = {}, Mappings: mappings = {} }: Pick<Template, 'Conditions' | 'Mappings'>,
): Resolver {
  const intrinsics: Record<string, Intrinsic> = {
    Ref: (name, path) => ids.ref(text(name, path), path),
    'Fn::GetAtt': (argument, path) => {
      const parts = typeof argument === 'string' ? argument.split('.') : list(argument, path);
      const [logicalId, ...attribute] = parts.map((part) => text(part, path));
      return ids.attribute(logicalId ?? '', attribute.join('.'), path);
    },
    'Fn::Join': (argument, path) => {
      const [separator, parts] = list(argument, path);
      return texts(resolve(parts, path), path).join(text(separator, path));
    },
    'Fn::Split': (argument, path) => {
      const [separator, whole] = list(argument, path);
      return text(resolve(whole, path), path).split(text(separator, path));
    },
    'Fn::Select': (argument, path) => {
      const [index, parts] = list(argument, path);
      const chosen = list(resolve(parts, path), path)[Number(resolve(index, path))];
      if (chosen === undefined) throw new Error(`${path}: Fn::Select has no element ${String(index)}.`);
      return chosen as Value;
    },
    'Fn::Sub': (argument, path) => {
      const [pattern, variables] = typeof argument === 'string' ? [argument, {}] : list(argument, path);
      const given = resolve(variables ?? {}, path) as Record<string, Value>;
      return text(pattern, path).replaceAll(/\$\{(!?)([^}]+)\}/g, (_, literal: string, name: string) => {
        if (literal !== '') return `\${${name}}`;
        if (Object.hasOwn(given, name)) return String(given[name]);
        const [logicalId = '', ...attribute] = name.split('.');
        return attribute.length === 0
          ? ids.ref(name, path)
          : String(ids.attribute(logicalId, attribute.join('.'), path));
      });
    },
    'Fn::FindInMap': (argument, path) => {
      const [map = '', top = '', second = ''] = texts(
        list(argument, path).map((each) => resolve(each, path)),
        path,
      );
      const found = mappings[map]?.[top]?.[second];
      if (found === undefined) throw new Error(`${path}: Fn::FindInMap finds nothing at ${map}.${top}.${second}.`);
      return resolve(found, path);
    },
    'Fn::Base64': (argument, path) => Buffer.from(text(resolve(argument, path), path)).toString('base64'),
    'Fn::If': (argument, path) => {
      const [name, yes, no] = list(argument, path);
      return resolve(condition(text(name, path)) ? yes : no, path);
    },
    'Fn::Equals': (argument, path) => {
      const [left, right] = list(argument, path).map((side) => resolve(side, path));
      return left === right;
    },
    'Fn::And': (argument, path) => list(argument, path).every((each) => resolve(each, path) === true),
    'Fn::Or': (argument, path) => list(argument, path).some((each) => resolve(each, path) === true),
    'Fn::Not': (argument, path) => list(argument, path).every((each) => resolve(each, path) === false),
  };

  function condition(name: string): boolean {
    if (!Object.hasOwn(conditions, name)) throw new Error(`The template has no condition ${name}.`);
    return resolve(conditions[name], `Conditions.${name}`) === true;
  }

  function resolve(value: unknown, path: string): Value {
    const resolved = resolveOrNothing(value, path);
    if (resolved === noValue) throw new Error(`${path}: AWS::NoValue is not allowed here.`);
    return resolved;
  }

  function resolveOrNothing(value: unknown, path: string): Value | typeof noValue {
    if (typeof value === 'string') return refuseDynamicReference(value, path);
    if (value === null || typeof value === 'number' || typeof value === 'boolean') return value;
    if (Array.isArray(value)) {
      return value.map((each, index) => resolveOrNothing(each, `${path}[${index}]`)).filter((each) => each !== noValue);
    }
    if (typeof value !== 'object') throw new Error(`${path}: a template cannot hold ${typeof value}.`);

    const entries = Object.entries(value);
    const [first] = entries;
    if (first !== undefined && entries.length === 1) {
      const [name, argument] = first;
      if (name === 'Ref' && argument === 'AWS::NoValue') return noValue;
      if (name === 'Fn::If') {
        const [chosenBy, yes, no] = list(argument, path);
        return resolveOrNothing(condition(text(chosenBy, path)) ? yes : no, path);
      }
      const intrinsic = Object.hasOwn(intrinsics, name) ? intrinsics[name] : undefined;
      if (intrinsic !== undefined) {
        const made = intrinsic(argument, path);
        return typeof made === 'string' ? refuseDynamicReference(made, path) : made;
      }
      // `Condition` is an intrinsic only inside Conditions. Elsewhere, as in IAM statements, it is an ordinary key.
      if (name === 'Condition' && typeof argument === 'string') return condition(argument);
      if (name.startsWith('Fn::')) throw new Error(`${path}: the intrinsic ${name} is not known to the local cloud.`);
    }
    const object: Record<string, Value> = {};
    for (const [key, each] of entries) {
      const resolved = resolveOrNothing(each, `${path}.${key}`);
      if (resolved !== noValue) object[key] = resolved;
    }
    return object;
  }

  return { resolve, condition };
}

/** CloudFormation resolves these at deploy time. Passing them on as text would silently be wrong. */
function refuseDynamicReference(value: string, path: string): string {
  if (value.includes('{{resolve:')) throw new Error(`${path}: dynamic references ({{resolve:…}}) are not emulated.`);
  return value;
}

function text(value: unknown, path: string): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new Error(`${path}: expected a string.`);
}

function list(value: unknown, path: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new Error(`${path}: expected a list.`);
  return value;
}

function texts(value: unknown, path: string): readonly string[] {
  return list(value, path).map((each) => text(each, path));
}
