import type { Connection } from '../../functions/core/connections/connection.ts';
import type { PageRange, SubscriberPage } from '../../functions/core/delivery/broadcast.ts';

/** The subscribers of one channel of any name, in pages of a fixed size. */
export class SubscriberList {
  readonly #ids: readonly string[];
  readonly #pageSize: number;
  pages = 0;

  constructor(ids: Iterable<string>, pageSize: number) {
    this.#ids = [...new Set(ids)].sort();
    this.#pageSize = pageSize;
  }

  async page(_channel: string, { after = '', upTo, limit = this.#pageSize }: PageRange = {}): Promise<SubscriberPage> {
    this.pages += 1;
    const size = Math.min(limit, this.#pageSize);
    const start = this.#firstBeyond(after);
    const end = upTo === undefined ? this.#ids.length : this.#firstBeyond(upTo);
    const page = this.#ids.slice(start, Math.min(start + size, end));
    // As in DynamoDB, a full page names the start of the next one, which may be empty.
    return { subscribers: page.map(subscriber), next: page.length === size ? page.at(-1) : undefined };
  }

  async last(_channel: string, upTo?: string): Promise<string | undefined> {
    return this.#ids[(upTo === undefined ? this.#ids.length : this.#firstBeyond(upTo)) - 1];
  }

  #firstBeyond(id: string): number {
    const index = this.#ids.findIndex((each) => each > id);
    return index === -1 ? this.#ids.length : index;
  }
}

export function subscriber(connectionId: string): Connection {
  return { principalId: `user:${connectionId}`, connectionId };
}
