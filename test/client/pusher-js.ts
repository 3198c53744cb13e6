import * as library from 'pusher-js';
import type PusherModule from 'pusher-js/types/src/core/pusher.js';

type Constructor = typeof PusherModule.default;

/** The library's constructor. With Node's module resolution its own types do not declare it. */
export const Pusher = library.default as unknown as Constructor;
export type Pusher = InstanceType<Constructor>;

/** The script that pages paste beside the library. */
export { useTickets } from '../../client/pusher-tickets.js';
