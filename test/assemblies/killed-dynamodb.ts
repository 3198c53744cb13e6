import { startDynamoDb } from '../../local/dynamodb/server.ts';
import { resolveStack } from '../../local/template/stack.ts';

/** A process that has no time to close its DynamoDB Local. */
const assembly = { stackName: 'Killed', template: { Resources: {} }, assetFolder: () => undefined };
await startDynamoDb(resolveStack(assembly, 'us-east-1'), {
  engine: 'strict',
  log: (entry) => {
    if (entry.kind !== 'dynamodb-listens-everywhere') return;
    process.stdout.write(`${entry.port}\n`, () => process.kill(process.pid, 'SIGKILL'));
  },
});
