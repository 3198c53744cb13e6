import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { CfnResource } from 'aws-cdk-lib';
import type { CfnFunction } from 'aws-cdk-lib/aws-lambda';
import type { IConstruct } from 'constructs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SessionSocketStack } from '../../lib/index.ts';
import { createApp, least } from '../lib/deployment.ts';
import { needs } from '../needs.ts';

const project = join(import.meta.dirname, '..', '..');

const noNetwork = spawnSync('unshare', ['-rn', 'true']);
const reason = noNetwork.error?.message ?? noNetwork.stderr?.toString().trim();
const withNamespaces = needs(
  noNetwork.status === 0 ? undefined : { name: 'namespaces', missing: `No network can be taken away here: ${reason}.` },
);

describe('cdk synth without a network', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'session-socket-synth-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it(
    "keeps all of CloudFormation's rules and leaves a template and a bundle for each function",
    withNamespaces,
    async () => {
      const options = [
        'sessionEndpoint=https://app.example.com/id',
        'allowedOrigins=https://app.example.com',
        'hello=true',
      ];
      const command = ['cdk', 'synth', '--quiet', '--no-notices', '--output', folder];
      const synth = spawn('unshare', ['-rn', 'npx', ...command, ...options.flatMap((option) => ['-c', option])], {
        cwd: project,
        // No AWS_*: there is no account to ask, either.
        env: { PATH: process.env['PATH'], HOME: folder, CDK_DISABLE_CLI_TELEMETRY: '1' },
      });
      const closed = new Promise((resolve) => synth.once('close', resolve));
      const [, stderr, code] = await Promise.all([text(synth.stdout), text(synth.stderr), closed]);
      expect(code, stderr).toBe(0);

      const { Resources } = JSON.parse(await readFile(join(folder, 'SessionSocket.template.json'), 'utf8'));
      const { files } = JSON.parse(await readFile(join(folder, 'SessionSocket.assets.json'), 'utf8'));
      const types = Object.values<{ Type: string }>(Resources).map(({ Type }) => Type);
      const bundles = Object.values<{ source: { packaging: string } }>(files).filter(
        ({ source }) => source.packaging === 'zip',
      );
      expect(types.filter((type) => type === 'AWS::Lambda::Function')).toHaveLength(8);
      expect(bundles).toHaveLength(8);
    },
  );
});

// The validator takes three seconds to start, so this is the only place that makes a template of it in this process.
describe('the validator that cdk synth runs, by the flag in cdk.json,', () => {
  it('stops a template that CloudFormation would reject', () => {
    const app = createApp({ builtinCloudFormationValidation: true });
    const stack = new SessionSocketStack(app, 'Shop', least);
    const lambda = stack.node.findAll().find(isFunction);
    lambda?.addPropertyOverride('Timeout', 901);
    expect(() => app.synth()).toThrow(/901[\s\S]*900/);
  });

  function isFunction(node: IConstruct): node is CfnFunction {
    return CfnResource.isCfnResource(node) && node.cfnResourceType === 'AWS::Lambda::Function';
  }
});
