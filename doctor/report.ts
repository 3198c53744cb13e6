import type { Paint, Style } from '../local/command/terminal.ts';
import { type Outcome, outcomes } from './check.ts';
import type { Result } from './examine.ts';
import { decodeValue, type Target } from './target.ts';

const styles: Readonly<Record<Outcome, Style>> = {
  ok: 'green',
  warning: 'yellow',
  problem: 'red',
  'not checked': 'dim',
};
const outcomeWidth = Math.max(...outcomes.map(({ length }) => length));
const lineWidth = 110;

/** One line per check, the fixes below it, and the totals at the end. */
export function report(name: string, results: readonly Result[], paint: Paint): string {
  const nameWidth = Math.max(...results.map((result) => result.name.length));
  const indent = outcomeWidth + nameWidth + 6;
  const lines = results.flatMap(({ outcome, name, says, fix = [] }) => [
    `  ${paint(styles[outcome], outcome.padEnd(outcomeWidth))}  ${name.padEnd(nameWidth)}  ${says}`,
    ...fix
      .flatMap((each) => wrap(each, lineWidth - indent))
      .map((line) => `${' '.repeat(indent)}${paint('cyan', line)}`),
  ]);
  return ['', `  ${name}`, '', ...lines, '', `  ${summarize(results)}`, ''].join('\n');
}

/** The same as JSON, for programs. */
export function reportJson(name: string, results: readonly Result[]): string {
  const checks = results.map(({ name, question, outcome, says, fix = [] }) => ({
    name,
    question,
    outcome,
    says,
    mend: fix, // the name in the JSON output
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
  const { ok = 0, warning = 0, problem = 0, 'not checked': unchecked = 0 } = count(results);
  return `${ok} ok, ${plural(warning, 'warning')}, ${plural(problem, 'problem')}, ${unchecked} not checked`;
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

/** PHP's session ids have at least 22 characters. Redacting shorter values, such as a theme's name, would hide our own words. */
const shortestSecret = 16;

/**
 * Removes the cookie, its values and the secret from a text. No check prints them, but an app may echo them in a header
 * that a check quotes.
 */
export function createRedaction({ cookie = '', keys, authorization = '' }: Target): (text: string) => string {
  const values = cookie.split(';').map((pair) => pair.slice(pair.indexOf('=') + 1).trim());
  const secrets = [keys?.secret ?? '', ...values, ...values.map(decodeValue)]
    .filter(({ length }) => length >= shortestSecret)
    .sort((one, other) => other.length - one.length);
  // A password may be short, so it is redacted at any length.
  const basic = authorization.split(' ')[1] ?? '';
  secrets.push(...[authorization, basic, decodeBasic(basic)].filter((each) => each !== ''));
  return (text) => secrets.reduce((rest, secret) => rest.replaceAll(secret, '…'), text);
}

/** `user:password` */
function decodeBasic(text: string): string {
  const decoded = Buffer.from(text, 'base64').toString('utf8');
  return decoded.includes(':') ? decoded : '';
}
