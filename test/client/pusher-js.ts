import * as library from 'pusher-js';
import type PusherModule from 'pusher-js/types/src/core/pusher.js';

type Constructor = typeof PusherModule.default;

/** The library's constructor, which its own types do not show where modules are Node's. */
export const Pusher = library.default as unknown as Constructor;
export type Pusher = InstanceType<Constructor>;

interface TicketOptions {
  readonly key: string;
  readonly url: string;
  readonly fetchTicket: () => Promise<string>;
}
const helper = '../../client/pusher-tickets.js';
/** What pages paste beside the library. */
export const { useTickets } = (await import(helper)) as {
  useTickets(library: Constructor, options: TicketOptions): void;
};
