import { setTimeout as pause } from 'node:timers/promises';
import { startDemo } from '../test/gateway/demo.ts';
import { serve } from './serve.ts';

export interface SessionSocketServer {
  readonly pageUrl: string;
  readonly webSocketUrl: string;
  /** Which PHP answers. */
  readonly php: string;
}

/** Ours: the template that would be deployed, on the local cloud, and the PHP that both sides ask. */
const demo = await startDemo({
  // Each session connects as often as it can.
  context: { mode: 'session-id', maxHandshakesPerMinutePerUser: '1000000' },
});
const { pageUrl, webSocketUrl } = demo;
const ready: SessionSocketServer = { pageUrl, webSocketUrl, php: demo.php.php };
serve({ ready, answers: { quiet: becomeQuiet }, close: demo.close });

/** Resolves when the Lambdas have written nothing for a while, so that none works on into the rival's round. */
async function becomeQuiet(): Promise<void> {
  for (let told = -1, left = 100; told !== demo.log.length && left > 0; left -= 1) {
    told = demo.log.length;
    await pause(150);
  }
}
