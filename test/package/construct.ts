import { App, Stack } from 'aws-cdk-lib';
import { SessionSocket } from '../../lib/index.ts';

/** The construct from the checkout, where its Lambdas are bundled at synth, in an app of its own. */
export async function synthesizeTo(folder: string): Promise<void> {
  const app = new App({ outdir: folder, analyticsReporting: false });
  new SessionSocket(new Stack(app, 'Realtime'), 'Sockets', {
    sessionEndpoint: 'https://app.example.com/getSessionID',
    allowedOrigins: ['https://app.example.com'],
  });
  app.synth();
}
