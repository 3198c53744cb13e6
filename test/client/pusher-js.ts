import * as library from 'pusher-js';
import type PusherModule from 'pusher-js/types/src/core/pusher.js';

type Constructor = typeof PusherModule.default;

/** The library's constructor, which its own types do not show where modules are Node's. */
export const Pusher = library.default as unknown as Constructor;
export type Pusher = InstanceType<Constructor>;

/** What pages paste beside the library. */
export { useTickets } from '../../client/pusher-tickets.js';
