import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readAssembly } from '../../../local/template/assembly.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'session-socket-stacks-'));
});
afterEach(() => rm(folder, { recursive: true }));

const stack = (name: string, more: object = {}) => ({
  type: 'aws:cloudformation:stack',
  properties: { templateFile: `${name}.template.json`, ...more },
});

async function writeManifest(artifacts: object, inside = '.'): Promise<void> {
  await mkdir(join(folder, inside), { recursive: true });
  await writeFile(join(folder, inside, 'manifest.json'), JSON.stringify({ artifacts }));
  for (const name of Object.keys(artifacts)) {
    await writeFile(join(folder, inside, `${name}.template.json`), JSON.stringify({ Resources: {}, Name: name }));
  }
}

describe('an assembly', () => {
  it('that is missing is an error with the command to create it', async () => {
    await expect(readAssembly(join(folder, 'cdk.out'))).rejects.toThrow(
      `There is no synthesized CDK app in ${join(folder, 'cdk.out')}. Run \`npx cdk synth\` first.`,
    );
  });

  it('must be a folder, not a template', async () => {
    await writeManifest({ Chat: stack('Chat') });
    const template = join(folder, 'Chat.template.json');
    await expect(readAssembly(template)).rejects.toThrow(`There is no synthesized CDK app in ${template}`);
  });

  it("has the stack's account and region, if set", async () => {
    const inside = (environment: string) => ({ ...stack('Chat'), environment });
    await writeManifest({ Chat: inside('aws://111122223333/eu-west-1') });
    expect(await readAssembly(folder)).toMatchObject({ accountId: '111122223333', region: 'eu-west-1' });
    await writeManifest({ Chat: inside('aws://unknown-account/unknown-region') });
    const anywhere = await readAssembly(folder);
    expect([anywhere.accountId, anywhere.region]).toEqual([undefined, undefined]);
  });

  it('without a stack is an error', async () => {
    await writeManifest({ Tree: { type: 'cdk:tree' } });
    await expect(readAssembly(folder)).rejects.toThrow(`There is no stack in ${folder}.`);
  });

  it('with several stacks requires a stack name, and lists them', async () => {
    await writeManifest({ Chat: stack('Chat'), Users: stack('Users', { stackName: 'people' }) });
    await expect(readAssembly(folder)).rejects.toThrow('has 2. Choose one with --stack: Chat, Users.');
    await expect(readAssembly(folder, 'Shop')).rejects.toThrow(/There is no stack Shop in .*\. Use Chat, Users\./);
    expect(await readAssembly(folder, 'Chat')).toMatchObject({ stackName: 'Chat', template: { Name: 'Chat' } });
    expect(await readAssembly(folder, 'Users')).toMatchObject({ stackName: 'people', template: { Name: 'Users' } });
    expect(await readAssembly(folder, 'people')).toMatchObject({ stackName: 'people' });
  });

  it('includes the stacks of its stages', async () => {
    await writeManifest({
      'assembly-Prod': { type: 'cdk:cloud-assembly', properties: { directoryName: 'assembly-Prod' } },
    });
    const artifact = { ...stack('ProdChat', { stackName: 'Prod-Chat' }), displayName: 'Prod/Chat' };
    await writeManifest({ ProdChat: artifact }, 'assembly-Prod');
    expect(await readAssembly(folder, 'Prod/Chat')).toMatchObject({ stackName: 'Prod-Chat' });
    expect(await readAssembly(folder)).toMatchObject({ template: { Name: 'ProdChat' } });
  });
});
