import { randomUUID } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createSockets } from '../functions/edge/connections/sockets.ts';
import { readConnectionsApiSettings } from '../functions/edge/environment.ts';
import { wireChannels } from '../functions/wiring/channels.ts';
import { serve } from './serve.ts';

export interface Published {
  readonly publishMs: number;
  readonly frameBytes: number;
}

/** Publishes like a publishing function, with the same environment. */
const sender = createSockets(readConnectionsApiSettings(), { maxAttempts: 1, timeoutMs: 3000 });
const { broadcast } = wireChannels(new DynamoDBClient({}), sender);

serve({
  ready: true,
  answers: {
    async publish(): Promise<Published> {
      const begin = performance.now();
      const data = JSON.stringify({ message: 'x'.repeat(100) });
      const frame = JSON.stringify({ event: 'news', channel: 'news', data, id: randomUUID() });
      await broadcast({ channel: 'news', frame });
      return { publishMs: performance.now() - begin, frameBytes: Buffer.byteLength(frame) };
    },
  },
});
