import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';

const project = join(import.meta.dirname, '..', '..');
const pagesIn = (folder: string) =>
  readdirSync(join(project, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name));
const pages = ['.', 'client', 'docs', 'docs/decisions', 'docs/frameworks', 'local'].flatMap(pagesIn);

const withoutCode = (page: string) =>
  readFileSync(join(project, page), 'utf8')
    .replace(/^ *```[\s\S]*?^ *```$/gm, '')
    .replace(/<!--[\s\S]*?-->/g, '');

interface Link {
  target: string;
  anchor: string | undefined;
}

const linksOf = (page: string): Link[] =>
  [...withoutCode(page).matchAll(/\]\((?!\w+:)([^)#\s]*)(?:#([^)\s]+))?\)/g)].map(([, path = '', anchor]) => ({
    target: path === '' ? page : normalize(join(dirname(page), path)).replace(/\/$/, ''),
    anchor,
  }));

/** As GitHub makes them of headings. */
const anchorsOf = (page: string) =>
  [...withoutCode(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\p{M} _-]/gu, '')
      .replace(/ /g, '-'),
  );

/** GitHub shows a folder as the list of its files. */
const pagesBehind = (target: string) =>
  existsSync(join(project, target)) && statSync(join(project, target)).isDirectory() ? pagesIn(target) : [target];

describe.each(pages)('%s', (page) => {
  it('links to files and headings that exist', () => {
    for (const { target, anchor } of linksOf(page)) {
      expect(existsSync(join(project, target)), target).toBe(true);
      if (anchor !== undefined && target.endsWith('.md')) expect(anchorsOf(target), target).toContain(anchor);
    }
  });
});

describe('docs/README.md', () => {
  it('leads to every page of docs in at most two clicks', () => {
    const clicks = (from: string[]) =>
      from.flatMap((page) => linksOf(page).flatMap(({ target }) => pagesBehind(target)));
    const first = clicks(['docs/README.md']).filter((target) => target.endsWith('.md'));
    const reached = new Set(['docs/README.md', ...first, ...clicks(first)]);
    expect(pages.filter((page) => page.startsWith('docs/')).filter((page) => !reached.has(page))).toEqual([]);
  });

  it('is linked from the README', () => {
    expect(linksOf('README.md').map(({ target }) => target)).toContain('docs/README.md');
  });
});
