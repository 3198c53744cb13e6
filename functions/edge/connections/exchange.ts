import type { Dispatcher } from 'undici';
import type { Line } from './line.ts';
import { isDeadLine, TooLate, TooLong } from './line-failure.ts';

/** As the SDK's deserializer takes it. */
export interface Answer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface ExchangeOutcome {
  answered(answer: Answer): void;
  /** `wasStale` when it was given to a kept connection that turned out to be dead. */
  failed(error: Error, wasStale: boolean): void;
}

const maxBodyBytes = 64 * 1024;
const nothing = new Uint8Array(0);

/** One request on its way, and what has come of its answer. */
export class Exchange implements Dispatcher.DispatchHandler {
  /** Which connection has it; undefined while it waits for one. */
  line: Line | undefined;
  readonly #outcome: ExchangeOutcome;
  readonly #timer: NodeJS.Timeout;
  #controller: Dispatcher.DispatchController | undefined;
  #error: Error | undefined;
  #statusCode = 0;
  #headers: Answer['headers'] = {};
  #body: Uint8Array[] | undefined;
  #length = 0;

  /** @param timeoutMs for all of it, while undici limits the silence alone, to the next half second */
  constructor(outcome: ExchangeOutcome, timeoutMs: number) {
    this.#outcome = outcome;
    this.#timer = setTimeout(() => this.#giveUp(new TooLate()), timeoutMs);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#error !== undefined) controller.abort(this.#error);
  }

  onResponseStart(_: Dispatcher.DispatchController, statusCode: number, headers: object): void {
    this.#statusCode = statusCode;
    this.#headers = headers as Answer['headers'];
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Uint8Array): void {
    this.#length += chunk.length;
    this.#body ??= [];
    this.#body.push(chunk);
    if (this.#length > maxBodyBytes) this.#giveUp(new TooLong());
  }

  onResponseEnd(): void {
    clearTimeout(this.#timer);
    if (this.line !== undefined) this.line.answers += 1;
    const body = this.#body === undefined ? nothing : Buffer.concat(this.#body);
    this.#outcome.answered({ statusCode: this.#statusCode, headers: this.#headers, body });
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    if (this.#error !== undefined) return;
    this.#error = error;
    clearTimeout(this.#timer);
    const wasKept = this.line !== undefined && this.line.answers > 0;
    this.#outcome.failed(error, wasKept && this.#statusCode === 0 && isDeadLine(error));
  }

  #giveUp(error: Error): void {
    if (this.#error !== undefined) return;
    this.#error = error;
    clearTimeout(this.#timer);
    this.#outcome.failed(error, false);
    this.#controller?.abort(error);
  }
}
