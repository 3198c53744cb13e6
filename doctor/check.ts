import type { Answers } from './collect-answers.ts';

export const outcomes = ['ok', 'warning', 'problem', 'not checked'] as const;
export type Outcome = (typeof outcomes)[number];

/** The result of a check: one line, and how to fix the problem. */
export interface Finding {
  readonly outcome: Outcome;
  readonly says: string;
  readonly fix?: readonly string[];
}

export interface Check {
  readonly name: string;
  /** The question that this check answers. */
  readonly question: string;
  /** Uses only the answers; sends nothing. */
  judge(answers: Answers): Finding;
}

export const ok = (says: string): Finding => ({ outcome: 'ok', says });
export const notChecked = (says: string): Finding => ({ outcome: 'not checked', says });
export const warning = (says: string, ...fix: readonly string[]): Finding => ({ outcome: 'warning', says, fix });
export const problem = (says: string, ...fix: readonly string[]): Finding => ({ outcome: 'problem', says, fix });

/** A check may find several faults at once. */
export interface Fault {
  readonly outcome: 'warning' | 'problem';
  readonly says: string;
  readonly fix: string;
}

/** Combines all faults into one finding with the worst outcome; ok if there are none. */
export function combineFaults(faults: readonly Fault[], okMessage: string): Finding {
  if (faults.length === 0) return ok(okMessage);
  const isProblem = faults.some(({ outcome }) => outcome === 'problem');
  const says = faults.map((fault) => fault.says).join('; ');
  return { outcome: isProblem ? 'problem' : 'warning', says, fix: [...new Set(faults.map(({ fix }) => fix))] };
}

const longest = 60;

/** Makes a text from the app safe to print on a terminal. */
export function quote(text: string): string {
  const plain = text.replace(/[^\x20-\x7e]/g, '?');
  return plain.length > longest ? `${plain.slice(0, longest)}…` : plain;
}
