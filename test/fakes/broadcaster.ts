import type { Subscriptions } from '../../functions/core/channels/subscriptions.ts';
import type { Broadcast } from '../../functions/core/delivery/broadcast.ts';
import type { Broadcaster } from '../../functions/core/delivery/broadcaster.ts';
import type { SocketSender } from '../../functions/core/delivery/socket-sender.ts';

/** Posts to all subscribers of the channel at once, and records the broadcasts. */
export function createFakeBroadcaster(subscriptions: Subscriptions, sender: Pick<SocketSender, 'post'>) {
  const published: Broadcast[] = [];
  const broadcast: Broadcaster = async (each) => {
    published.push(each);
    const { subscribers } = await subscriptions.page(each.channel);
    const count = { delivered: 0, gone: 0 };
    for (const { connectionId } of subscribers.filter(({ connectionId }) => connectionId !== each.except)) {
      count[await sender.post(connectionId, each.frame)] += 1;
    }
    return { ...count, lost: 0, retried: 0, handedOn: false, milliseconds: 0 };
  };
  return { broadcast, published };
}
