import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import type { TestAssembly } from './assembly.ts';

/** What `cdk synth` would write for this app, in this process. */
export async function synthesizeApp(define: (app: App) => void): Promise<TestAssembly> {
  const folder = await mkdtemp(join(tmpdir(), 'session-socket-assembly-'));
  const app = new App({ outdir: folder, analyticsReporting: false, builtinCloudFormationValidation: false });
  define(app);
  app.synth();
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}
