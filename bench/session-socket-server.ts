import { setTimeout as pause } from 'node:timers/promises';
import { startDemo } from '../test/gateway/demo.ts';
import { serve } from './serve.ts';

export interface SessionSocketServer {
  readonly pageUrl: string;
  readonly webSocketUrl: string;
  /** The version and kind of PHP. */
  readonly php: string;
}

/** Our side: the deployable template on the local cloud, and the PHP app that both sides ask. */
const demo = await startDemo({
  // Each session connects as often as possible.
  context: { mode: 'session-id', maxHandshakesPerMinutePerUser: '1000000' },
});
const { pageUrl, webSocketUrl } = demo;
const ready: SessionSocketServer = { pageUrl, webSocketUrl, php: demo.php.php };
serve({ ready, answers: { quiet: becomeQuiet }, close: demo.close });

/** Resolves when the Lambdas have logged nothing for a while, so that none still runs during the other side's round. */
async function becomeQuiet(): Promise<void> {
  for (let told = -1, left = 100; told !== demo.log.length && left > 0; left -= 1) {
    told = demo.log.length;
    await pause(150);
  }
}
