import { existsSync, readFileSync } from 'node:fs';
import Module from 'node:module';
import { dirname, join, sep } from 'node:path';

export type PackageType = 'module' | 'commonjs';

/**
 * What the nearest package.json in the function's own folder says. In AWS nothing lies above that folder; here it is often
 * `cdk.out` in a project whose own package.json is not the function's business.
 * @returns undefined when there is none
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

/** Files of the function that belong to no package are CommonJS, whatever lies above them. */
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
