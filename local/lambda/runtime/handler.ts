import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { runtimeError } from './errors.ts';
import { packageTypeOf } from './modules.ts';

export type Handler = (event: unknown, context: unknown, callback?: unknown) => unknown;

interface Place {
  readonly root: string;
  readonly module: string;
  /** Without extension. */
  readonly path: string;
}

/** In AWS the runtime is this file, and its error messages contain the path. */
const requireOfRuntime = createRequire('/var/runtime/index.mjs');

/**
 * Finds the handler as the runtime does: https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html
 * @param name `folder/file.export`
 * @param isModern Node.js 24 also searches the default export
 * @param beforeModule called before an ES module is loaded
 */
export async function loadHandler(
  root: string,
  name: string,
  isModern: boolean,
  beforeModule: () => void,
): Promise<Handler> {
  if (name.includes('..')) {
    throw runtimeError(
      'MalformedHandlerName',
      `'${name}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`,
    );
  }
  const file = basename(name);
  const folder = name.slice(0, name.indexOf(file));
  const [, module, path] = /^([^.]*)\.(.*)$/.exec(file) ?? [];
  if (module === undefined || path === undefined) throw runtimeError('MalformedHandlerName', 'Bad handler');

  const place: Place = { root, module, path: resolve(root, folder, module) };
  const loaded = await load(place, beforeModule);
  const handler = follow(loaded, path) ?? (isModern ? follow(follow(loaded, 'default'), path) : undefined);
  if (!handler) throw runtimeError('HandlerNotFound', `${name} is undefined or not exported`);
  if (typeof handler !== 'function') throw runtimeError('HandlerNotFound', `${name} is not a function`);
  return handler as Handler;
}

function follow(value: unknown, path: string): unknown {
  return path.split('.').reduce((nested, key) => (nested as Record<string, unknown> | undefined)?.[key], value);
}

async function load(place: Place, beforeModule: () => void): Promise<unknown> {
  try {
    for (const extension of ['', '.js', '.mjs', '.cjs']) {
      const file = place.path + extension;
      if (!existsSync(file)) continue;
      if (!isModule(file, place.root)) return requireOfRuntime(file);
      beforeModule();
      return await import(pathToFileURL(file).href);
    }
    return requireOfRuntime(requireOfRuntime.resolve(place.module, { paths: [place.root, dirname(place.path)] }));
  } catch (error) {
    if (error instanceof SyntaxError) throw runtimeError('UserCodeSyntaxError', String(error), error.stack);
    if ((error as NodeJS.ErrnoException | undefined)?.code !== 'MODULE_NOT_FOUND') throw error;
    throw runtimeError('ImportModuleError', String(error));
  }
}

function isModule(file: string, root: string): boolean {
  return file.endsWith('.mjs') || (file.endsWith('.js') && packageTypeOf(dirname(file), root) === 'module');
}

/**
 * Runs a handler as runtimes before Node.js 24 do. It may return a promise, call back, or use the old methods of `context`.
 * A callback waits for an empty event loop unless `callbackWaitsForEmptyEventLoop` is false:
 * https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html
 */
export function runWithCallback(handler: Handler, event: unknown, own: object): Promise<unknown> {
  return new Promise((resolve, reject) => {
    let isAnswered = false;
    let waits = true;
    let onEmpty: () => void = answerOnEmptyLoop;
    const onBeforeExit = () => onEmpty();
    process.on('beforeExit', onBeforeExit);

    function settle(run: () => void): void {
      process.off('beforeExit', onBeforeExit);
      run();
    }

    /** The event loop is empty and the handler has not answered. */
    function answerOnEmptyLoop(): void {
      isAnswered = true;
      if (handler.constructor.name === 'AsyncFunction') settle(() => reject(neverSettled()));
      else settle(() => resolve(null));
    }

    function answer(error: unknown, result: unknown, waitsForEmptyLoop: boolean): void {
      if (isAnswered) return;
      isAnswered = true;
      if (error !== undefined && error !== null) settle(() => reject(error));
      else if (!waitsForEmptyLoop) settle(() => resolve(result));
      else onEmpty = () => settle(() => resolve(result));
    }

    const succeed = (result: unknown) => answer(undefined, result, false);
    const fail = (error: unknown) => answer(error ?? 'handled', undefined, false);
    const context = {
      get callbackWaitsForEmptyEventLoop() {
        return waits;
      },
      set callbackWaitsForEmptyEventLoop(value: boolean) {
        waits = value;
      },
      succeed,
      fail,
      done: (error: unknown, result: unknown) => answer(error, result, false),
    };
    const callback = (error: unknown, result: unknown) => answer(error, result, waits);
    try {
      const returned = handler(event, Object.assign(context, own), callback);
      if (isThenable(returned)) returned.then(succeed, fail);
    } catch (error) {
      callback(error, undefined);
    }
  });
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function';
}

function neverSettled(): Error {
  return runtimeError(
    'NodeJsExit',
    'The Lambda runtime client detected an unexpected Node.js exit code. This is most commonly caused by a Promise that was never settled. For more information, see https://nodejs.org/docs/latest/api/process.html#exit-codes',
  );
}
