import type { Paint, Style } from '../../local/command/terminal.ts';
import { type Outcome, outcomes } from './check.ts';
import type { Result } from './examine.ts';

const styles: Readonly<Record<Outcome, Style>> = {
  ok: 'green',
  warning: 'yellow',
  problem: 'red',
  'not checked': 'dim',
};
const outcomeWidth = Math.max(...outcomes.map(({ length }) => length));
const lineWidth = 110;

/** A line for each check, below it how to mend what is wrong, and at the end how many there are of each. */
export function report(name: string, results: readonly Result[], paint: Paint): string {
  const nameWidth = Math.max(...results.map((result) => result.name.length));
  const indent = outcomeWidth + nameWidth + 6;
  const lines = results.flatMap(({ outcome, name, says, mend = [] }) => [
    `  ${paint(styles[outcome], outcome.padEnd(outcomeWidth))}  ${name.padEnd(nameWidth)}  ${says}`,
    ...mend
      .flatMap((each) => wrap(each, lineWidth - indent))
      .map((line) => `${' '.repeat(indent)}${paint('cyan', line)}`),
  ]);
  return ['', `  ${name}`, '', ...lines, '', `  ${summarize(results)}`, ''].join('\n');
}

/** The same for a program. */
export function reportJson(name: string, results: readonly Result[]): string {
  const checks = results.map(({ name, question, outcome, says, mend = [] }) => ({
    name,
    question,
    outcome,
    says,
    mend,
  }));
  return JSON.stringify({ url: name, counts: count(results), checks }, undefined, 2);
}

export const hasProblem = (results: readonly Result[]): boolean => results.some(({ outcome }) => outcome === 'problem');

function count(results: readonly Result[]): Readonly<Record<string, number>> {
  return Object.fromEntries(
    outcomes.map((outcome) => [outcome, results.filter((result) => result.outcome === outcome).length]),
  );
}

function summarize(results: readonly Result[]): string {
  const plural = (number: number, word: string) => `${number} ${word}${number === 1 ? '' : 's'}`;
  const { ok = 0, warning = 0, problem = 0, 'not checked': unseen = 0 } = count(results);
  return `${ok} ok, ${plural(warning, 'warning')}, ${plural(problem, 'problem')}, ${unseen} not checked`;
}

function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
