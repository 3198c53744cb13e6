import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { options } from '../../bin/context.ts';
import { notDone, numbersIn, sections } from '../conformance/checklist.ts';
import { begin, end, markdownTable } from '../conformance/table.ts';
import { deploy } from '../lib/deployment.ts';

const project = join(import.meta.dirname, '..', '..');
const pages = ['.', 'client', 'docs', 'docs/decisions', 'docs/frameworks', 'local'].flatMap((folder) =>
  readdirSync(join(project, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name)),
);
const { scripts } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8'));

describe.each(pages)('%s', (page) => {
  const text = readFileSync(join(project, page), 'utf8');
  const blocks = [...text.matchAll(/^```(\w*)(?: file=(\S+))?\n([\s\S]*?)^```$/gm)].map(
    ([, language = '', file, code = '']) => ({ language, file, code }),
  );

  it('shows code only from files that other tests run', () => {
    const isCode = ({ language, file }: { language: string; file: string | undefined }) =>
      file !== undefined || ['ts', 'js', 'php'].includes(language);
    for (const { language, file, code } of blocks.filter(isCode)) {
      expect(file, `a block of ${language} names its file`).toBeDefined();
      expect(code).toBe(readFileSync(join(project, file ?? ''), 'utf8'));
    }
  });

  it('names only commands that there are', () => {
    const commands = blocks.filter(({ language }) => language === 'bash').map(({ code }) => code);
    for (const [, script] of commands.join('').matchAll(/npm run ([\w:]+)/g))
      expect(scripts).toHaveProperty([script ?? '']);
    for (const [, option] of commands.join('').matchAll(/-c (\w+)=/g)) expect(options).toContain(option);
  });
});

describe('The table of docs/frameworks', () => {
  it('names the versions that the tests install', () => {
    const table = readFileSync(join(project, 'docs/frameworks/README.md'), 'utf8');
    const named = [...table.matchAll(/([a-z]+\/[a-z0-9-]+) (\d+\.\d+\.\d+)/g)];
    const apps = ['slim', 'laravel', 'symfony', 'pusher'].map((app) =>
      JSON.parse(readFileSync(join(project, 'test/frameworks/apps', app, 'composer.json'), 'utf8')),
    );
    const installed = Object.assign({}, ...apps.map(({ require }) => require));
    expect(named.length).toBeGreaterThanOrEqual(5);
    for (const [, name = '', version] of named) expect(installed[name], name).toBe(version);
  });
});

describe('The README', () => {
  const text = readFileSync(join(project, 'README.md'), 'utf8');
  const [firstScreen = ''] = text.split('\n## ');
  const countWords = (prose: string) => prose.split(/\s+/).length;

  it('has at most 900 words, code included, and at most 150 on the first screen', () => {
    expect(countWords(text)).toBeLessThanOrEqual(900);
    expect(countWords(firstScreen)).toBeLessThanOrEqual(150);
  });

  it('starts the demo and names the missing test on AWS on the first screen', () => {
    expect(firstScreen).toContain('npm start');
    expect(firstScreen).toContain('not yet run on a real AWS account');
  });

  it('counts what is deployed', () => {
    const { of } = deploy();
    const counts = ['AWS::ApiGatewayV2::Api', 'AWS::Lambda::Function', 'AWS::DynamoDB::Table'].map(
      (type) => of(type).length,
    );
    expect(counts).toEqual([2, 7, 6]);
    expect(text).toContain('two APIs, seven Lambdas, six tables');
  });
});

describe('The table of docs/options.md', () => {
  it('names every option of the deployment, and no other', () => {
    const text = readFileSync(join(project, 'docs/options.md'), 'utf8');
    const [, table = ''] = text.split('| option (`-c name=value`)');
    const rows = table.slice(0, table.indexOf('\n\n')).split('\n').slice(2);
    const named = rows.flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`(\w+)`/g)].map(([, name]) => name));
    expect(named.sort()).toEqual([...options].sort());
  });
});

describe('The construct of the README', () => {
  it('can be made in the few lines that are shown', async () => {
    await expect(import('../../docs/snippets/stack.ts')).resolves.toBeDefined();
  });

  it('has what the dashboard of the runbook shows', async () => {
    await expect(import('../../docs/snippets/dashboard.ts')).resolves.toBeDefined();
  });
});

describe('The conformance table of docs/local-cloud.md', () => {
  const lines = sections.flatMap((section) => section.lines);
  const numbers = [...lines, ...notDone].map(({ number }) => number);

  it('is the checklist: `npm run conformance -- --markdown` prints what belongs there', () => {
    const text = readFileSync(join(project, 'docs/local-cloud.md'), 'utf8');
    const [before = '', table = ''] = text.split(begin);
    expect(before).toContain('## Conformance');
    expect(begin + table.slice(0, table.indexOf(end)) + end).toBe(markdownTable());
  });

  it('counts its lines without a gap, and says what was chosen for each that is unknown', () => {
    const expected = [
      ...Array.from({ length: 72 }, (_, index) => String(index + 1)),
      ...Array.from({ length: 17 }, (_, index) => `N${index + 1}`),
    ];
    expect(numbers).toEqual(expected);
    for (const { number, mark, here } of lines) if (mark === 'unknown') expect(here, number).toBeDefined();
    for (const { contradicts } of notDone) expect(numbers).toContain(contradicts);
  });

  it('has a test for each of them', () => {
    const folder = join(project, 'test/conformance');
    const tested = readdirSync(folder)
      .filter((name) => name.endsWith('.test.ts'))
      .flatMap((name) => [...readFileSync(join(folder, name), 'utf8').matchAll(/'((?:#N?\d+ ?)+)/g)])
      .flatMap(([, prefix = '']) => numbersIn(`${prefix.trim()} `));
    expect(numbers.filter((number) => !tested.includes(number))).toEqual([]);
  });
});
