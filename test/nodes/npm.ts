import { realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * npm's own file, which runs with any Node and needs no PATH: of the npm that runs this script, else of the one beside Node.
 * @throws where there is none
 */
export function findNpm(environment: NodeJS.ProcessEnv, nodeBinary: string): string {
  const { npm_execpath: running = '' } = environment;
  if (running.endsWith('npm-cli.js')) return running;
  const beside = join(dirname(nodeBinary), 'npm');
  try {
    return realpathSync(beside);
  } catch {
    throw new Error(`npm is not at ${beside}. Start this with npm run test:nodes.`);
  }
}
