import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';

const project = join(import.meta.dirname, '..', '..');

/** A piece of text that stands alone. Only `prose` counts for the mean length: cells and headings are fragments. */
export interface Passage {
  text: string;
  kind: 'prose' | 'cell' | 'heading';
}

export interface Finding {
  sentence: string;
  why: string;
}

const foldersOfPages = ['.', 'client', 'docs', 'docs/decisions', 'docs/frameworks', 'local', 'php'];
const foldersOfSource = ['bench', 'bin', 'chaos', 'client', 'doctor', 'functions', 'lib', 'local', 'php', 'security'];
const moreFoldersOfSource = ['serve', 'test', 'docs/snippets'];
const isGenerated = (path: string) =>
  /node_modules|\/dist\/|\.d\.ts$|test\/(output|frameworks\/apps|bundles\/out)/.test(path);

function* filesUnder(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (isGenerated(`${path}/`) || isGenerated(path)) continue;
    if (entry.isDirectory()) yield* filesUnder(path);
    else if (entry.isFile()) yield path;
  }
}

/** Every page and every file of source, relative to the project. */
export function everyFile(): string[] {
  const pages = foldersOfPages.flatMap((folder) =>
    readdirSync(join(project, folder))
      .filter((name) => name.endsWith('.md'))
      .map((name) => join(folder, name)),
  );
  const source = [...foldersOfSource, ...moreFoldersOfSource]
    .map((folder) => join(project, folder))
    .filter((folder) => statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    .flatMap((folder) => [...filesUnder(folder)])
    .map((path) => relative(project, path))
    .filter((path) => /\.(ts|js|mjs|php)$/.test(path));
  return [...new Set([...pages, ...source])].sort();
}

export function passagesOf(path: string): Passage[] {
  const text = readFileSync(join(project, path), 'utf8');
  if (path.endsWith('.md')) return passagesOfPage(text);
  return path.endsWith('.php') ? passagesOfPhp(text) : passagesOfScript(text);
}

/** Code counts as one word, and so does the name of a test in “…”: the test's file is checked for that. */
function plain(text: string): string {
  return text
    .replace(/`[^`]+`/g, 'Code')
    .replace(/“[^”]*”/g, 'Quote')
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/https?:\S+/g, 'Link')
    .replace(/\*\*|(?<!\w)[*_](?=\w)|(?<=\w)[*_](?!\w)/g, '')
    .replace(/\s+/g, ' ')
    .trim();
}

export function passagesOfPage(markdown: string): Passage[] {
  const text = markdown.replace(/^```[\s\S]*?^```$/gm, '\n').replace(/<!--[\s\S]*?-->|<[^>\n]+>/g, '\n');
  const marked = text.replace(/^ *```[\s\S]*?^ *```$/gm, '\n').replace(/^( *(?:[-*]|\d+\.) |#|\|)/gm, '\n$1');
  const blocks = marked.split(/\n\s*\n/).map((block) => block.trim());
  return blocks.flatMap((block): Passage[] => {
    if (block.startsWith('#')) return [{ kind: 'heading', text: plain(block.replace(/^#+/, '')) }];
    if (block.startsWith('|')) {
      const cells = block.replace(/\\\|/g, ' ').split('|').map(plain);
      return cells.filter((cell) => /\p{L}/u.test(cell)).map((cell) => ({ kind: 'cell', text: cell }));
    }
    const item = plain(block.replace(/^(?:[-*>]|\d+\.) /, ''));
    return /\p{L}/u.test(item) ? [{ kind: 'prose', text: item }] : [];
  });
}

const comment = (text: string): Passage[] =>
  text
    .replace(/^\s*(?:\/\*\*?|\*\/|\*|\/\/|#)\s?/gm, '')
    .replace(/\*\/\s*$/, '')
    .replace(/^@\w+(?: \$?\w+)?/gm, '\n\n')
    .replace(/^(- )/gm, '\n$1')
    .split(/\n\s*\n/)
    .map((block) => ({ kind: 'prose' as const, text: plain(block) }))
    .filter((passage) => /\p{L}/u.test(passage.text));

/** Three words make a message, or the title of a test. */
const message = (text: string): Passage[] =>
  /\p{L}+ \p{L}+ \p{L}+/u.test(text) && !/[{;]\n|=>|\n\s*\n/.test(text) ? [{ kind: 'cell', text: plain(text) }] : [];

export const comments = String.raw`\/\*[\s\S]*?\*\/|(?:(?<![:\w])\/\/[^\n]*(?:\n[ \t]*(?=\/\/))?)+`;
export const quoted = String.raw`'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"`;
export const template = '`(?:[^`\\\\]|\\\\.)*`';
export const regularExpression = String.raw`(?<=[=(,:!&|?[] ?)\/(?![*\/])(?:[^\/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/`;

/** TypeScript 7 has no parser to call; comments and strings are all that is wanted. */
function passagesOfTokens(source: string, tokens: string): Passage[] {
  return [...source.matchAll(new RegExp(tokens, 'g'))].flatMap(([token]) => {
    if (/^\/[/*]/.test(token)) return comment(token);
    if (token.startsWith('/')) return [];
    return message(
      token
        .slice(1, -1)
        .replace(/\$?\{[^}]*\}/g, 'Value')
        .replace(/\\(.)/g, '$1'),
    );
  });
}

export function passagesOfScript(source: string): Passage[] {
  return passagesOfTokens(source, `${comments}|${regularExpression}|${quoted}|${template}`);
}

export function passagesOfPhp(source: string): Passage[] {
  return passagesOfTokens(source, `${comments}|${quoted}`);
}

export function sentencesOf(text: string): string[] {
  return text
    .split(/(?<=(?<!\b(?:e\.g|i\.e|vs|No))[.!?][)”"]?)\s+(?=[\p{Lu}\p{N}("“…])/u)
    .map((sentence) => sentence.trim())
    .filter((sentence) => /\p{L}/u.test(sentence));
}

export function wordsOf(sentence: string): string[] {
  return sentence.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word));
}

/** Of the prose of a page, in words. */
export function meanSentenceLength(passages: Passage[]): number {
  const lengths = passages
    .filter(({ kind }) => kind === 'prose')
    .flatMap(({ text }) => sentencesOf(text))
    .map((sentence) => wordsOf(sentence).length);
  return lengths.length === 0 ? 0 : lengths.reduce((sum, length) => sum + length, 0) / lengths.length;
}

const verb = new RegExp(
  `^(?:${[
    'is are was were has have had does did can cannot may must will would should could might',
    'answers appears asks becomes begins belongs breaks brings calls changes closes comes connects costs counts deserves differs ends fails',
    'falls finds follows gets gives goes happens hears helps holds joins keeps knows leaves lets lies lives loses makes matters means',
    'see say need get want send know call use ask needs occurs opens passes puts reaches reads receives remains rejects reports returns runs says sees sends sets shows signs stands stays',
    'stops takes tells tries uses waits wants works writes came went got left closed ended failed sent published joined went',
  ]
    .join(' ')
    .split(' ')
    .join('|')})(?:n't)?$`,
  'i',
);

/** Where a clause ends: what follows belongs to another one. */
const boundary =
  /[,.;:!?()–—…"]|\b(?:when|if|because|that|which|while|as|and|or|but|so|before|after|until|than|whether|how)\b/i;

/** "who is late waits" has two verbs in one clause, so it is a subject with its own; "who is late" is none. */
function hasTwoVerbs(clause: string): boolean {
  const [first = ''] = clause.split(boundary);
  const words = first.split(/\s+/).filter(Boolean);
  const finite = words.filter(
    (word, at) =>
      verb.test(word) &&
      !/^(?:can|may|must|will|would|should|could|might|to|not|has|have|had|does|do|did|is|are|was|were)$/i.test(
        words[at - 1] ?? '',
      ),
  );
  return (
    finite.length >= 2 ||
    /\b(?:is|are|was|were|has|may|can|does) (?:not )?(?:\w+ed |\w+ )?(?:is|are|was|would|will|must|may|gets|goes|has)\b/i.test(
      first,
    )
  );
}

/** Generous, because a sentence of a page that begins with "who" or "what" should have another beginning anyway. */
const mayBeVerb = (word: string) => verb.test(word.replace(/\W+$/, '')) || /^[a-z]{2,}(?:[^su]s|ed)\W*$/.test(word);

const fused =
  /(?:^|[,;:(–—] |\b(?:and|but|or|so|because|that|while|as|then|where|if|when) )(who|whose|what|whatever|whichever)\b/gi;

/** A verb that asks: "says who is there" has an object, and its second half may follow "and". */
const indirect =
  /\b(?:ask|asks|asked|say|says|said|know|knows|known|see|sees|tell|tells|told|decide|decides|show|shows|name|names|list|lists|check|checks|find|finds|explain|explains|describe|describes|of|about|on|in|by|from|matter|read|reads|unknown|say)\b[^.;:]*$/i;

function subjectClause(sentence: string): string | undefined {
  if (/\b(?:whoever|whomever)\b/i.test(sentence)) return 'whoever';
  if (/\bwhom\b/i.test(sentence)) return 'whom';
  if (/\b(?:for|to|with|from|than|against) who (?:is|are|has|have|can|may|does|was)\b/i.test(sentence))
    return 'for who is …';
  if (sentence.endsWith('?')) return;
  const [, begun = ''] = /^["(]?(?:Who|Whose|What)\b([^:,;]*)/.exec(sentence) ?? [];
  if (sentence.endsWith('.') && begun.split(/\s+/).filter(mayBeVerb).length >= 2)
    return 'a sentence that begins with a clause';
  for (const { 0: found, 1: word = '', index } of sentence.matchAll(fused)) {
    const before = sentence.slice(0, index);
    if (index > 0 && /^(?:and|or|,)/.test(found) && indirect.test(before)) continue;
    if (hasTwoVerbs(sentence.slice(index + found.length))) return `${word.toLowerCase()} … as a subject`;
  }
  return;
}

const words: [RegExp, string][] = [
  [/\b(?:he|his|him|himself|she|her|herself)\b/i, 'they, their, them'],
  [/\bfor ever\b/i, 'forever'],
  [/\bin place of\b/i, 'instead of'],
  [/\bof (?:yours|ours|theirs)\b/i, 'your, our, their'],
  [/\bas little as\b/i, 'like'],
  [/\b(?:knocks?|shown out|puts? out|turned away|manners)\b/i, "the field's words"],
  [/\b(?:is|are|was|were) to (?!(?:the|a|an|this|that|your|be found|Code)\b)[a-z]+\b/, 'must, will'],
];

/** Each sentence that has to be read twice, and why. STYLE: subject first, and the subject is a thing or a person. */
export function findings(passages: Passage[]): Finding[] {
  return passages
    .flatMap(({ text }) => sentencesOf(text))
    .flatMap((sentence) => {
      const clause = subjectClause(sentence);
      const instead = words.filter(([pattern]) => pattern.test(sentence)).map(([, better]) => `say: ${better}`);
      return [...(clause === undefined ? [] : [clause]), ...instead].map((why) => ({ sentence, why }));
    });
}
