import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { defineStack } from '../../bin/define-stack.ts';
import type { TestAssembly } from './assembly.ts';

const cdkJson = new URL('../../cdk.json', import.meta.url);

/**
 * Writes the files of bin/synthesize.ts for the gateway, without a process of its own, which takes longer to start than most tests
 * to run.
 * @param options what `-c name=value` would say
 */
export async function synthesizeGateway(options: Readonly<Record<string, string>>): Promise<TestAssembly> {
  const { context } = JSON.parse(await readFile(cdkJson, 'utf8'));
  return synthesizeApp(defineStack, { ...context, ...options });
}

/** Writes for this app, in this process, the files that `cdk synth` would write. */
export async function synthesizeApp(
  define: (app: App) => void,
  context: Readonly<Record<string, unknown>> = {},
): Promise<TestAssembly> {
  const folder = await mkdtemp(join(tmpdir(), 'session-socket-assembly-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    const app = new App({
      outdir: folder,
      analyticsReporting: false,
      builtinCloudFormationValidation: false,
      context: { ...context, 'aws:cdk:disable-creation-stack-traces': true },
    });
    define(app);
    app.synth();
    return { folder, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}
