import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, normalize } from 'node:path';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';

const project = join(import.meta.dirname, '..');
/** Run tests, and may import them. */
const testing = ['bench/', 'chaos/', 'security/', 'test/'];
const rooms = [
  'bench',
  'bin',
  'chaos',
  'client',
  'doctor',
  'functions',
  'lib',
  'local',
  'php',
  'security',
  'serve',
  'test',
];

interface Import {
  readonly from: string;
  /** The path of a file in the project, or the name of a package. */
  readonly to: string;
  readonly isOurs: boolean;
  /** Gone when the file runs. */
  readonly isType: boolean;
}

const files = rooms
  .filter((room) => existsSync(join(project, room)))
  .flatMap((room) =>
    readdirSync(join(project, room), { recursive: true, encoding: 'utf8' }).map((file) => join(room, file)),
  )
  .filter((file) => /\.(ts|js|mjs)$/.test(file) && !/^(test\/output|local\/dist)\//.test(file));
const textOf = (file: string) => readFileSync(join(project, file), 'utf8');
const imports = files.flatMap(readImports);

const importsOf = (folder: string) => imports.filter(({ from }) => from.startsWith(folder));
const isIn =
  (...folders: readonly string[]) =>
  ({ to }: Import) =>
    folders.some((folder) => to.startsWith(folder));
const isOurs = (each: Import) => each.isOurs;
const isPackage = (each: Import) => !each.isOurs;
const written = ({ from, to }: Import) => `${from} → ${to}`;
/** Which folders of core each may import; CONTRIBUTING.md draws it. */
const coreFolders: Readonly<Record<string, readonly string[]>> = {
  keys: [],
  connections: [],
  handshake: ['keys', 'connections'],
  frames: ['connections'],
  delivery: ['connections', 'frames'],
  channels: ['keys', 'connections', 'handshake', 'frames', 'delivery'],
  sessions: ['keys', 'connections', 'handshake', 'delivery', 'channels'],
  'http-api': ['keys', 'connections', 'handshake', 'frames', 'delivery', 'channels', 'sessions'],
};
const coreRoot = files.filter((file) => /^functions\/core\/[^/]+\.ts$/.test(file));
const handlers = readdirSync(join(project, 'functions'))
  .filter((name) => name.endsWith('.ts'))
  .map((name) => name.replace('.ts', ''));

// A function that makes the props has to be able to name each of their types.
it('lib/index.ts exports every type that the props name and lib declares', () => {
  const [props, index] = [textOf('lib/session-socket-props.ts'), textOf('lib/index.ts')];
  const imported = [...props.matchAll(/^import type \{ (.+) \} from '\.\.?\//gm)].flatMap(([, names = '']) =>
    names.split(', '),
  );
  const declared = [...props.matchAll(/^export (?:interface|type) (\w+)/gm)].map(([, name = '']) => name);
  expect(imported.length).toBeGreaterThan(3);
  expect([...imported, ...declared].filter((name) => !new RegExp(`\\b${name}\\b`).test(index))).toEqual([]);
  // An inline type has no name.
  expect(props.match(/^ {2}readonly .*\{.*$/gm)).toBeNull();
});

describe('imports', () => {
  it('are found by this test: every room that has files has some', () => {
    for (const room of ['bench', 'bin', 'chaos', 'doctor', 'functions', 'lib', 'local', 'security', 'test'])
      expect(importsOf(`${room}/`)).not.toEqual([]);
    expect(
      imports.filter(
        ({ from, to }) => from === 'lib/scheduled-functions.ts' && to === 'functions/edge/environment-variables.ts',
      ),
    ).toHaveLength(1);
  });

  it('of core stay in core, and ask nothing but node:crypto of the world', () => {
    const strangers = importsOf('functions/core/').filter((each) => !isIn('functions/core/', 'node:crypto')(each));
    expect(strangers.map(written)).toEqual([]);
  });

  it.each(Object.entries(coreFolders))('of core/%s lead to %j alone', (folder, allowed) => {
    const home = `functions/core/${folder}/`;
    const inward = [folder, ...allowed].map((each) => `functions/core/${each}/`);
    const strangers = importsOf(home).filter(
      (each) => each.isOurs && !isIn(...inward)(each) && !coreRoot.includes(each.to),
    );
    expect(strangers.map(written)).toEqual([]);
    // An arrow that nothing needs any more goes from the drawing in CONTRIBUTING.md too.
    const unused = allowed.filter((each) => !importsOf(home).some(isIn(`functions/core/${each}/`)));
    expect(unused).toEqual([]);
  });

  it('of the files at the root of core, which all of its folders may import, lead to each other alone', () => {
    const strangers = imports.filter(
      ({ from, to, isOurs }) => coreRoot.includes(from) && isOurs && !coreRoot.includes(to),
    );
    expect(strangers.map(written)).toEqual([]);
  });

  it('between the folders of core are drawn in CONTRIBUTING.md', () => {
    const contributing = textOf('CONTRIBUTING.md');
    for (const [folder, allowed] of Object.entries(coreFolders)) {
      const line = new RegExp(`^${folder} +→ (.+)$`, 'm').exec(contributing)?.[1]?.trim();
      expect(`${folder} → ${line}`).toBe(`${folder} → ${allowed.join(', ') || 'nothing'}`);
    }
  });

  it('of an edge lead to edges and core', () => {
    const strangers = importsOf('functions/edge/')
      .filter(isOurs)
      .filter((each) => !isIn('functions/edge/', 'functions/core/')(each));
    expect(strangers.map(written)).toEqual([]);
  });

  it('of a function lead to edges and core, never to another function', () => {
    for (const handler of handlers) {
      const strangers = importsOf(`functions/${handler}.ts`)
        .filter(isOurs)
        .filter((each) => !isIn('functions/edge/', 'functions/core/')(each));
      expect(strangers.map(written)).toEqual([]);
    }
  });

  it('of wiring, which has a file for each function, lead to that function, edges and core', () => {
    for (const handler of handlers) {
      const file = `functions/wiring/${handler}.ts`;
      const allowed = ['functions/edge/', 'functions/core/', `functions/${handler}.ts`, 'functions/wiring/channels.ts'];
      expect(files).toContain(file);
      const strangers = importsOf(file)
        .filter(isOurs)
        .filter((each) => !isIn(...allowed)(each));
      expect(strangers.map(written)).toEqual([]);
    }
  });

  it('never lead into wiring: the bundles begin there', () => {
    const strangers = imports
      .filter(({ from }) => !/^(functions\/wiring|test|bench)\//.test(from))
      .filter(isIn('functions/wiring/'));
    expect(strangers.map(written)).toEqual([]);
  });

  it('of lib lead to edges and core, never to a function', () => {
    const strangers = importsOf('lib/')
      .filter(isOurs)
      .filter((each) => !isIn('lib/', 'functions/edge/', 'functions/core/')(each));
    expect(strangers.map(written)).toEqual([]);
  });

  it('of lib bring names and rules from there and nothing that talks to AWS', async () => {
    const { metafile } = await build({
      entryPoints: [join(project, 'lib/index.ts')],
      absWorkingDir: project,
      bundle: true,
      packages: 'external',
      platform: 'node',
      format: 'esm',
      write: false,
      metafile: true,
    });
    const taken = Object.entries(metafile.inputs).filter(([file]) => file.startsWith('functions/'));
    const outside = taken.flatMap(([, input]) =>
      input.imports.filter(({ external }) => external).map(({ path }) => path),
    );
    expect(taken.map(([file]) => file)).toContain('functions/edge/dynamodb/tables.ts');
    expect(new Set(outside)).toEqual(new Set(['node:crypto']));
  });

  it('of the client lead to core alone', () => {
    const strangers = importsOf('client/').filter((each) => !isIn('client/', 'functions/core/')(each));
    expect(strangers.map(written)).toEqual([]);
  });

  it('of the local cloud stay in the local cloud, so it sees only what AWS would see', () => {
    const strangers = importsOf('local/')
      .filter(isOurs)
      .filter((each) => !isIn('local/')(each));
    expect(strangers.map(written)).toEqual([]);
  });

  it('of the doctor lead to core, by which it judges, and to how a command reads and prints', () => {
    const strangers = importsOf('doctor/')
      .filter(isOurs)
      .filter((each) => !isIn('doctor/', 'functions/core/', 'local/command/')(each));
    expect(strangers.map(written)).toEqual([]);
  });

  it('of what is deployed or run never lead to a test', () => {
    const deployed = imports.filter(({ from }) => !testing.some((room) => from.startsWith(room)));
    const strangers = deployed.filter(isIn(...testing));
    expect(strangers.map(written)).toEqual([]);
  });

  it('never lead out of the project', () => {
    expect(imports.filter(isIn('..', '/')).map(written)).toEqual([]);
  });

  it('of packages are of packages that package.json names', () => {
    const ours = [...packagesOf('package.json'), ...packagesOf('local/package.json')];
    // Tests of the packages write apps that import them.
    const known = new Set(['session-socket', 'session-socket-client', ...ours, ...builtinModules]);
    const strangers = imports.filter(isPackage).filter((each) => !isKnown(each, known));
    expect(strangers.map(written)).toEqual([]);
  });

  it('of the packages that others install lead to what is installed with them', () => {
    const construct = ['aws-cdk-lib', 'constructs', ...builtinModules];
    // Only the checkout has bundle.ts, which bundles the Lambdas at synth.
    const ofConstruct = importsOf('lib/').filter(({ from }) => from !== 'lib/bundle.ts');
    const local = [...packagesOf('local/package.json'), ...builtinModules];
    const strangers = [
      ...ofConstruct.filter(isPackage).filter((each) => !isKnown(each, new Set(construct))),
      ...importsOf('doctor/')
        .filter(isPackage)
        .filter((each) => !isKnown(each, new Set(builtinModules))),
      // From the checkout it runs as it is.
      ...importsOf('local/')
        .filter(isPackage)
        .filter((each) => !isKnown(each, new Set([...local, 'tsx']))),
      ...importsOf('client/').filter(isPackage),
    ];
    expect(strangers.map(written)).toEqual([]);
  });

  it('never run in a circle, those of types included', () => {
    expect(findCircles()).toEqual([]);
  });
});

describe('docs/path-of-a-message.md', () => {
  it('names files that exist', () => {
    const named = [
      ...textOf('docs/path-of-a-message.md').matchAll(/`((?:functions|core|edge|wiring)\/[\w./-]+\.ts)`/g),
    ].map(([, file = '']) => (file.startsWith('functions/') ? file : `functions/${file}`));
    expect(named.length).toBeGreaterThan(40);
    expect(named.filter((file) => !files.includes(file))).toEqual([]);
  });
});

describe('functions', () => {
  it('hands parts over by name: no object of them is spread into another', () => {
    const spread = files
      .filter((file) => file.startsWith('functions/wiring/'))
      .filter((file) => /[{(,]\s*\.\.\./.test(textOf(file)));
    expect(spread).toEqual([]);
  });

  it.each(files.filter((file) => file.startsWith('functions/')))(
    '%s does nothing when it is imported',
    async (file) => {
      const environment = process.env;
      process.env = {};
      try {
        await expect(import(`${join(project, file)}?with-no-environment`)).resolves.toBeDefined();
      } finally {
        process.env = environment;
      }
    },
  );
});

describe('core', () => {
  it.each(files.filter((file) => file.startsWith('functions/core/')))(
    '%s takes time, chance and the world as arguments',
    (file) => {
      const code = textOf(file).replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');
      const world =
        /\b(process\.|Date\.now|new Date\(\)|performance\.|setTimeout|setInterval|Math\.random|random(Bytes|UUID|Int)|fetch\(|console\.)/g;
      expect(code.match(world) ?? []).toEqual([]);
    },
  );
});

describe('every file', () => {
  it('exports by name', () => {
    expect(files.filter((file) => /^export default\b/m.test(textOf(file)))).toEqual([]);
  });

  it('says what it holds: none is called utils, helpers, common, shared or types', () => {
    expect(files.filter((file) => /(^|\/)(utils?|helpers?|common|shared|types)(\.ts|\/)/.test(file))).toEqual([]);
  });
});

describe('what is deployed', () => {
  it('is every file of functions/, each as one Lambda', () => {
    const deployed = files
      .filter((file) => file.startsWith('lib/'))
      .flatMap((file) => [...textOf(file).matchAll(/\bentry: '([a-z-]+)'/g)].map(([, entry]) => entry));
    expect(deployed.sort()).toEqual([...handlers].sort());
  });
});

describe.each(['package.json', 'local/package.json', 'client/package.json'])('%s', (file) => {
  const { version, dependencies, devDependencies } = JSON.parse(textOf(file));

  it('pins every package to one version', () => {
    for (const pinned of Object.values({ ...dependencies, ...devDependencies })) {
      expect(pinned).toMatch(/^\d+\.\d+\.\d+(-[\w.]+)?$/);
    }
  });

  it('pins a package to the version that the others pin it to', () => {
    const root = JSON.parse(textOf('package.json')).devDependencies;
    for (const [name, pinned] of Object.entries<string>(dependencies ?? {})) {
      if (name in root) expect(`${name} ${pinned}`).toBe(`${name} ${root[name]}`);
    }
  });

  it('has the version of the others', () => {
    expect(version).toBe(JSON.parse(textOf('package.json')).version);
  });
});

/** Every way to name a module: with and without `from`, at the top and later, types included. */
function readImports(file: string): Import[] {
  const statement =
    /^\s*(?:import|export)\b[^'"`;]*?\bfrom\s*['"]([^'"]+)['"]|^\s*import\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/gm;
  return [...textOf(file).matchAll(statement)].map(([text, from, effect, dynamic]) => {
    const name = from ?? effect ?? dynamic ?? '';
    const isRelative = name.startsWith('.');
    return {
      from: file,
      to: isRelative ? normalize(join(dirname(file), name)) : name,
      isOurs: isRelative,
      isType: /^\s*(import|export) type\b/.test(text),
    };
  });
}

/** The packages that one of our package.json files installs. */
function packagesOf(file: string): string[] {
  const { dependencies, devDependencies } = JSON.parse(textOf(file));
  return Object.keys({ ...dependencies, ...devDependencies });
}

/** A test may write a script whose imports it works out. */
function isKnown({ to }: Import, known: ReadonlySet<string>): boolean {
  const name = packageOf(to);
  return to.startsWith('node:') || to.startsWith('${') || known.has(name) || known.has(`@types/${name}`);
}

function packageOf(name: string): string {
  return name
    .split('/')
    .slice(0, name.startsWith('@') ? 2 : 1)
    .join('/');
}

/** Each circle of imports, as a person reads it. */
function findCircles(): string[] {
  const circles: string[] = [];
  const done = new Set<string>();
  for (const file of files) walk(file, []);
  return circles;

  function walk(file: string, way: readonly string[]): void {
    if (way.includes(file)) circles.push(nameOf(way.slice(way.indexOf(file))));
    if (done.has(file)) return;
    done.add(file);
    for (const { to } of importsOf(file).filter(isOurs)) walk(to, [...way, file]);
  }

  /** From whichever file it was found, a circle has one name: it begins with the first of the alphabet. */
  function nameOf(circle: readonly string[]): string {
    const first = circle.indexOf([...circle].sort()[0] ?? '');
    return [...circle.slice(first), ...circle.slice(0, first), circle[first]].join(' → ');
  }
}

describe('the lock file', () => {
  // A version whose package for one system could not be had when the lock was made is left out of it in silence, and
  // then `npm ci` of npm 11 refuses the whole file, on every system.
  it('holds the packages of every system, and names no host', () => {
    const text = textOf('package-lock.json');
    const { packages } = JSON.parse(text) as { packages: Record<string, { optionalDependencies?: object }> };
    const wanted = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies).map((name) => ({ path, name })),
    );
    const missing = wanted.filter(({ path, name }) => !isInstalledFor(path, name, packages));
    expect(wanted.length).toBeGreaterThan(50);
    expect(missing.map(({ path, name }) => `${path} → ${name}`)).toEqual([]);
    expect(text).not.toMatch(/"resolved": "\w+:/);
  });
});

/** Beside the asking package, or beside one of those that it lies in: where Node looks. */
function isInstalledFor(path: string, name: string, packages: object): boolean {
  for (let folder = path; ; folder = folder.slice(0, folder.lastIndexOf('/node_modules/'))) {
    if (Object.hasOwn(packages, `${folder}/node_modules/${name}`)) return true;
    if (!folder.includes('/node_modules/')) return Object.hasOwn(packages, `node_modules/${name}`);
  }
}
