import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { synthesizeTo } from './construct.ts';
import { goOutside, megabytesOf, type Outside, project } from './outside.ts';

/** Somebody else's CDK app: nothing in it knows of the checkout, and npm installs what the tarball asks for. */
const props = `{
  sessionEndpoint: 'https://app.example.com/getSessionID',
  allowedOrigins: ['https://app.example.com'],
}`;
const body = `
const app = new App({ outdir: 'cdk.out', analyticsReporting: false });
new SessionSocket(new Stack(app, 'Realtime'), 'Sockets', ${props});
app.synth();
`;
const apps = {
  'app.cjs': `const { App, Stack } = require('aws-cdk-lib');\nconst { SessionSocket } = require('session-socket');\n${body}`,
  'app.mjs': `import { App, Stack } from 'aws-cdk-lib';\nimport { SessionSocket } from 'session-socket';\n${body}`,
  'app.ts': `import { App, Stack } from 'aws-cdk-lib';
import { BadProps, SessionSocket, type SessionSocketProps } from 'session-socket';

const app = new App({ outdir: 'cdk.out', analyticsReporting: false });
const props: SessionSocketProps = ${props};
const sockets: SessionSocket = new SessionSocket(new Stack(app, 'Realtime'), 'Sockets', props);
// Of the copy that the app itself has: else this would be no construct of its tree.
const stack: Stack = Stack.of(sockets);
if (stack.stackName !== 'Realtime' || !(new BadProps('') instanceof Error)) process.exitCode = 1;
app.synth();
`,
};
/** As `cdk init` lays an app out now, and with the options of before, which TypeScript 7 has no more. */
function configFor(typescript: string) {
  const modules = typescript.startsWith('5.')
    ? { module: 'commonjs', moduleResolution: 'node' }
    : { module: 'NodeNext', moduleResolution: 'NodeNext' };
  const compilerOptions = { ...modules, target: 'ES2022', strict: true, declaration: true, types: ['node'] };
  return { compilerOptions, files: ['app.ts'] };
}

let fromCheckout: Template;
beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'session-socket-checkout-'));
  await synthesizeTo(folder);
  fromCheckout = await readTemplate(folder);
  await rm(folder, { recursive: true });
});

const { peerDependencies, devDependencies } = JSON.parse(await readFile(join(project, 'package.json'), 'utf8'));
const lowest = (range: string) => range.replace(/^\^/, '');

describe.each([
  {
    age: 'the oldest that package.json allows',
    cdk: lowest(peerDependencies['aws-cdk-lib']),
    constructs: lowest(peerDependencies.constructs),
    typescript: '5.6.3',
  },
  {
    age: 'the newest',
    cdk: devDependencies['aws-cdk-lib'],
    constructs: devDependencies.constructs,
    typescript: devDependencies.typescript,
  },
])('beside $age, aws-cdk-lib $cdk and constructs $constructs', ({ age, cdk, constructs, typescript }) => {
  let outside: Outside;
  let before: readonly string[];

  beforeAll(async () => {
    outside = await goOutside();
    await outside.write({ 'package.json': '{ "name": "outside", "private": true }', ...apps });
    await outside.install(`aws-cdk-lib@${cdk}`, `constructs@${constructs}`);
    before = Object.keys(await installed());
    await outside.install(inject('tarballs')['session-socket']);
  });
  afterAll(() => outside?.remove());

  it('brings one package of at most 30 MB and without an install script, and leaves one copy of each peer', async () => {
    const after = await installed();
    expect(Object.keys(after).filter((path) => !before.includes(path))).toEqual(['node_modules/session-socket']);
    expect(before.filter((path) => !(path in after))).toEqual([]);
    const peers = Object.keys(after).filter((path) => /(^|\/)node_modules\/(constructs|aws-cdk-lib)$/.test(path));
    expect(peers.sort()).toEqual(['node_modules/aws-cdk-lib', 'node_modules/constructs']);
    expect(after['node_modules/session-socket']?.hasInstallScript).toBeUndefined();
    expect(await megabytesOf(join(outside.folder, 'node_modules/session-socket'))).toBeLessThanOrEqual(30);
  });

  /** By its place below the folder. */
  async function installed(): Promise<Readonly<Record<string, { readonly hasInstallScript?: boolean }>>> {
    return JSON.parse(await readFile(join(outside.folder, 'package-lock.json'), 'utf8')).packages;
  }

  it.each(['app.cjs', 'app.mjs'])('synthesizes from %s', async (file) => {
    expect(await outside.run(`node ${file}`)).toMatchObject({ code: 0 });
    await expectSameTemplate();
  });

  it('compiles with plain tsc, strict and as CommonJS, and synthesizes', async () => {
    await outside.install(`typescript@${typescript}`, '@types/node@20');
    await outside.write({ 'tsconfig.json': JSON.stringify(configFor(typescript)) });
    expect(await outside.run('npx tsc')).toMatchObject({ code: 0, stdout: '' });
    expect(await outside.run('node app.js')).toMatchObject({ code: 0 });
    await expectSameTemplate();
  });
  async function expectSameTemplate(): Promise<void> {
    const template = await readTemplate(join(outside.folder, 'cdk.out'));
    // An older CDK writes some things in another way; what there is, and how it is called, is the same.
    if (age !== 'the newest') expect(outlineOf(template)).toEqual(outlineOf(fromCheckout));
    else expect(template).toEqual(fromCheckout);
  }
});

interface Template {
  readonly Resources: Readonly<Record<string, { readonly Type: string }>>;
  readonly Outputs?: object;
}

async function readTemplate(folder: string): Promise<Template> {
  return JSON.parse(await readFile(join(folder, 'Realtime.template.json'), 'utf8'));
}

function outlineOf({ Resources }: Template): Record<string, string> {
  return Object.fromEntries(Object.entries(Resources).map(([id, { Type }]) => [id, Type]));
}
