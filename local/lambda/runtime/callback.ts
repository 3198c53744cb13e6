import { runtimeError } from './errors.ts';
import type { Handler } from './handler.ts';

/**
 * Runs a handler as the runtimes before Node.js 24 do: it may return a promise, call back, or use what `context` once had
 * for that. A callback waits for the event loop to be empty unless `callbackWaitsForEmptyEventLoop` is false:
 * https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html
 */
export function runWithCallback(handler: Handler, event: unknown, own: object): Promise<unknown> {
  return new Promise((resolve, reject) => {
    let isAnswered = false;
    let waits = true;
    let onEmpty: () => void = answerForNobody;
    const onBeforeExit = () => onEmpty();
    process.on('beforeExit', onBeforeExit);

    function settle(run: () => void): void {
      process.off('beforeExit', onBeforeExit);
      run();
    }

    /** Nothing is left to do and nobody has answered. */
    function answerForNobody(): void {
      isAnswered = true;
      if (handler.constructor.name === 'AsyncFunction') settle(() => reject(neverSettled()));
      else settle(() => resolve(null));
    }

    function answer(error: unknown, result: unknown, isPatient: boolean): void {
      if (isAnswered) return;
      isAnswered = true;
      if (error !== undefined && error !== null) settle(() => reject(error));
      else if (!isPatient) settle(() => resolve(result));
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
