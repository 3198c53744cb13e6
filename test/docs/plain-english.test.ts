import { describe, expect, it } from 'vitest';
import {
  everyFile,
  findings,
  meanSentenceLength,
  passagesOf,
  passagesOfPage,
  passagesOfPhp,
  passagesOfScript,
} from './plain-english.ts';

const inPage = (text: string) => findings(passagesOfPage(text));

describe('A sentence with a clause as its subject is found', () => {
  it.each([
    'Who brings no token gets 401.',
    'Whoever asks again would publish twice.',
    'What is above gets 429.',
    'What PHP says is checked.',
    'What an own throttle cannot help against is a flood of its own.',
    'What you see is a socket that a stranger cannot open, and a room.',
    'Nothing is kept for who is not.',
    'Five alarms, none of which tells anybody until you say whom.',
    'A field of another shape is a fault, because who it is would be a guess.',
    'The news may come twice; what came last is true.',
    'Delivery is at least once to whoever is connected.',
    'API Gateway has no code, and who is not logged in gets 403.',
    'Who comes above it is turned away and has to try again.',
  ])('%s', (sentence) => {
    expect(inPage(sentence)).not.toEqual([]);
  });
});

describe('A sentence with a plain subject passes', () => {
  it.each([
    'A client without a token gets 401.',
    'Events are not stored for disconnected clients.',
    'PHP says who is logged in.',
    'The app decides who may join and who may not.',
    'The log says what happened, with which value, and what to do.',
    'Members see who is there.',
    'Who may join?',
    'What if PHP is down?',
    'The person who logs in gets a new session id.',
    'This page shows what a message costs and what a socket costs.',
    '`whoMustGo` is the old name.',
    'The test “who brings no token at all runs no Lambda” counts them.',
    'They and their sessions end.',
    'What a handshake brought.',
    'what a stranger makes PHP do',
  ])('%s', (sentence) => {
    expect(inPage(sentence)).toEqual([]);
  });

  it('as does a heading that is a noun', () => {
    expect(inPage('## What differs from Pusher\n\n## Who may join\n\n## What happens when a browser connects')).toEqual(
      [],
    );
  });
});

describe('The words that STYLE.md replaces', () => {
  it.each([
    'A user sees his own events.',
    'An open tab would keep the session alive for ever.',
    'Use a ticket in place of a cookie.',
    'A domain of yours is needed.',
    'What is to come?',
    'The page is to be reloaded.',
  ])('are found: %s', (sentence) => {
    expect(inPage(sentence)).not.toEqual([]);
  });

  it.each(['The history of the page.', 'The answer is to the point.', 'There they stay.'])(
    'pass within others: %s',
    (text) => {
      expect(inPage(text)).toEqual([]);
    },
  );
});

describe('Text is found', () => {
  it('in cells, items and headings of a page, but not in its code', () => {
    const page = [
      '# Title',
      '| a | b |\n|---|---|\n| Who is not let in is refused | x |',
      '- Who has left hears nothing.\n- A list.',
      '```js\n// Who is late waits.\n```',
    ].join('\n\n');
    expect(inPage(page).map(({ sentence }) => sentence)).toEqual([
      'Who is not let in is refused',
      'Who has left hears nothing.',
    ]);
  });

  it('in comments and messages of TypeScript', () => {
    const source = [
      '/** Who is late\n * waits. */',
      '// Who is early\n// waits, too.',
      "it('who is not logged in gets 403', () => {});",
      'const message = `Whoever sent it is unknown`;',
      "const url = 'https://example.com/who is late waits';",
    ].join('\n');
    const found = findings(passagesOfScript(source)).map(({ sentence }) => sentence);
    expect(found).toContain('Who is late waits.');
    expect(found).toContain('Who is early waits, too.');
    expect(found).toContain('who is not logged in gets 403');
    expect(found).toContain('Whoever sent it is unknown');
    expect(found).toHaveLength(4);
  });

  it('in comments and messages of PHP', () => {
    const source =
      "<?php // Who is late waits.\n$why = 'Who is not logged in gets 403.';\n$url = 'https://a.example/';";
    expect(findings(passagesOfPhp(source))).toHaveLength(2);
  });
});

describe('The mean length of sentences', () => {
  it('counts prose and items, and code as one word', () => {
    expect(
      meanSentenceLength(passagesOfPage('# A title\n\nOne two three. One two three `four words of code` five.')),
    ).toBe(4);
    expect(
      meanSentenceLength(passagesOfPage('- One two.\n- One two three four.\n\n| a | b |\n|---|---|\n| c | d |')),
    ).toBe(3);
  });
});

/** The examples of bad sentences, and the patterns that find them. */
const examples = ['test/docs/plain-english.test.ts', 'test/docs/plain-english.ts'];
const files = everyFile().filter((path) => !examples.includes(path));

describe('Pages, comments, messages and names of tests', () => {
  it('have no sentence that has to be read twice', () => {
    expect(files.length).toBeGreaterThan(600);
    const found = files.flatMap((path) =>
      findings(passagesOf(path)).map(({ sentence, why }) => `${path}: ${why}: ${sentence}`),
    );
    expect(found).toEqual([]);
  });

  it('have sentences of 16 words in the mean, where they are pages', () => {
    const long = files
      .filter((path) => path.endsWith('.md'))
      .map((path) => ({ path, mean: meanSentenceLength(passagesOf(path)) }))
      .filter(({ mean }) => mean > 16);
    expect(long).toEqual([]);
  });
});
