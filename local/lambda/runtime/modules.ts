import { existsSync, readFileSync } from 'node:fs';
import Module, { createRequire, register } from 'node:module';
import { dirname, join, sep } from 'node:path';
import { pathToFileURL } from 'node:url';

type PackageType = 'module' | 'commonjs';

/**
 * The type in the nearest package.json inside the function's own folder. In AWS there is nothing above that folder. Here it
 * is often `cdk.out` in a project whose package.json must not apply.
 * @returns undefined if there is none
 */
export function packageTypeOf(folder: string, taskRoot: string): PackageType | undefined {
  if (folder.endsWith(`${sep}node_modules`)) return undefined;
  const file = join(folder, 'package.json');
  if (existsSync(file)) return readType(file);
  const parent = dirname(folder);
  return folder === taskRoot || parent === folder ? undefined : packageTypeOf(parent, taskRoot);
}

function readType(file: string): PackageType {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).type === 'module' ? 'module' : 'commonjs';
  } catch {
    return 'commonjs';
  }
}

type Compiled = { _compile(source: string, file: string, format?: string): void };
type Extension = (module: Compiled, file: string) => void;

/** Loads the function's files without a package.json as CommonJS, regardless of the folders above. */
export function ignorePackagesAbove(taskRoot: string): void {
  const { _extensions: extensions } = Module as unknown as { _extensions: Record<'.js', Extension> };
  const load = extensions['.js'];
  extensions['.js'] = (module, file) => {
    const isOwn = file.startsWith(taskRoot + sep) && packageTypeOf(dirname(file), taskRoot) === undefined;
    if (isOwn && !file.includes(`${sep}node_modules${sep}`)) {
      module._compile(readFileSync(file, 'utf8').replace(/^\uFEFF/, ''), file, 'commonjs');
    } else load(module, file);
  };
}

/** The packages in /var/runtime/node_modules: https://docs.aws.amazon.com/lambda/latest/dg/lambda-nodejs.html#nodejs-sdk-included */
const ofRuntime = /^@(aws-sdk|smithy)\//;

type Resolve = (this: unknown, specifier: string, ...others: unknown[]) => string;

/**
 * Resolves the AWS SDK from the local cloud's `node_modules`, for functions that do not bundle it.
 * @param beside a file of the local cloud
 */
export function provideSdk(beside: string): void {
  const fromHere = createRequire(beside);
  const modules = Module as unknown as { _resolveFilename: Resolve };
  const resolve = modules._resolveFilename;
  modules._resolveFilename = function resolveFilename(specifier, ...others) {
    try {
      return resolve.call(this, specifier, ...others);
    } catch (error) {
      if (!ofRuntime.test(specifier) || (error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
      return resolveHere(specifier, fromHere);
    }
  };
}

function resolveHere(specifier: string, fromHere: NodeJS.Require): string {
  try {
    return fromHere.resolve(specifier);
  } catch {
    throw Object.assign(new Error(sentenceOf(specifier)), { code: 'MODULE_NOT_FOUND' });
  }
}

function sentenceOf(specifier: string): string {
  const name = specifier.split('/').slice(0, 2).join('/');
  return `Cannot find module '${specifier}': AWS's runtime includes it, but this machine does not have it. Run npm install --save-dev ${name}`;
}

/** The same for `import`. Its hooks need a separate thread, so only ES module functions use them. */
export function provideSdkToModules(beside: string): void {
  const data = { parent: pathToFileURL(beside).href, pattern: ofRuntime.source };
  register(`data:text/javascript,${encodeURIComponent(hooks)}`, { data });
}

const hooks = `
let parentURL, ofRuntime;
export function initialize({ parent, pattern }) {
  parentURL = parent;
  ofRuntime = new RegExp(pattern);
}
export async function resolve(specifier, context, next) {
  try {
    return await next(specifier, context);
  } catch (error) {
    if (!ofRuntime.test(specifier) || error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
    return next(specifier, { ...context, parentURL }).catch(() => {
      throw Object.assign(new Error((${sentenceOf})(specifier)), { code: 'MODULE_NOT_FOUND' });
    });
  }
}`;
