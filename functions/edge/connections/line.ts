import type { Dispatcher } from 'undici';
import Client from 'undici/lib/dispatcher/client.js';
import type { Exchange } from './exchange.ts';

interface ExchangeOptions extends Dispatcher.DispatchOptions {
  readonly exchange: Exchange;
}

/** One kept connection, which knows whether anything was answered over it since it was opened. */
export class Line extends Client {
  answers = 0;

  constructor(origin: string | URL, options: Client.Options) {
    super(origin, options);
    // Emitted after the request that met its end has failed.
    this.on('disconnect', () => {
      this.answers = 0;
    });
  }

  override dispatch(options: ExchangeOptions, handler: Dispatcher.DispatchHandler): boolean {
    options.exchange.line = this;
    return super.dispatch(options, handler);
  }
}
