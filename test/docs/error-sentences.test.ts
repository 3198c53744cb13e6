import { expect, it } from 'vitest';
import { errorsInMarkdown, errorsOnThePage } from './error-sentences.ts';

it('docs/errors.md lists every refusal and every fault of a request or an option', () => {
  expect(errorsOnThePage()).toBe(errorsInMarkdown());
  expect(errorsInMarkdown().match(/^\| `/gm)?.length).toBeGreaterThan(45);
  expect(errorsInMarkdown().match(/^- /gm)?.length).toBeGreaterThan(50);
});

it('every error is a sentence or more: it begins with a capital letter, a name or a value, and ends with a full stop', () => {
  const sentences = [...errorsInMarkdown().matchAll(/^(?:- |\| `[\w-]+` \| \d+ \| )(.+?)(?: \|)?$/gm)].map(
    ([, text]) => text,
  );
  expect(sentences.filter((text = '') => !/^["…\w].*\.$/.test(text))).toEqual([]);
});
