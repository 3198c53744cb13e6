import type { Subscriptions } from '../../functions/core/channels/subscriptions.ts';
import type { Broadcast, Publish } from '../../functions/core/delivery/broadcast.ts';
import type { SocketSender } from '../../functions/core/delivery/socket-sender.ts';

/** Posts to everybody on the channel at once, and remembers what was published. */
export function createFakePublish(subscriptions: Subscriptions, sender: Pick<SocketSender, 'post'>) {
  const published: Broadcast[] = [];
  const publish: Publish = async (broadcast) => {
    published.push(broadcast);
    const { subscribers } = await subscriptions.page(broadcast.channel);
    const count = { delivered: 0, gone: 0 };
    for (const { connectionId } of subscribers.filter(({ connectionId }) => connectionId !== broadcast.except)) {
      count[await sender.post(connectionId, broadcast.frame)] += 1;
    }
    return { ...count, lost: 0, retried: 0, handedOn: false, milliseconds: 0 };
  };
  return { publish, published };
}
