import { actOnAll } from './act-on-all.ts';
import type { Connection } from './connection.ts';
import type { SocketSender } from './socket-sender.ts';

export interface FanOut<Recipient extends Connection> {
  /** Pages, so that posting begins while the next page is still being read. */
  readonly recipients: AsyncIterable<readonly Recipient[]>;
  /** Encoded once by the caller, whatever the number of recipients. */
  readonly frame: string;
  readonly sender: Pick<SocketSender, 'post'>;
  /** Posts under way at once. */
  readonly concurrency: number;
}

export interface FanOutReport<Recipient extends Connection> {
  readonly delivered: number;
  readonly gone: readonly Recipient[];
  /** Posts that failed for another reason than a gone socket. */
  readonly failed: number;
}

/** Posts one frame to many sockets. One bad socket never stops the rest; what happened is told, not thrown. */
export async function fanOut<Recipient extends Connection>(fan: FanOut<Recipient>): Promise<FanOutReport<Recipient>> {
  const gone: Recipient[] = [];
  const count = { delivered: 0, failed: 0 };
  await actOnAll(fan.recipients, fan.concurrency, post);
  return { ...count, gone };

  async function post(recipient: Recipient): Promise<void> {
    try {
      const delivery = await fan.sender.post(recipient.connectionId, fan.frame);
      if (delivery === 'gone') gone.push(recipient);
      else count.delivered += 1;
    } catch {
      // The sender has retried already; a broadcast has nobody to throw to, so the failure goes into the report.
      count.failed += 1;
    }
  }
}
