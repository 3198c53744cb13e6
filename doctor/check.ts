import type { Answers } from './interview.ts';

export const outcomes = ['ok', 'warning', 'problem', 'not checked'] as const;
export type Outcome = (typeof outcomes)[number];

/** What a check has found: one line, and below it how to mend what is wrong. */
export interface Finding {
  readonly outcome: Outcome;
  readonly says: string;
  readonly mend?: readonly string[];
}

export interface Check {
  readonly name: string;
  /** What the person wants to know. */
  readonly question: string;
  /** Looks only at what was answered. */
  judge(answers: Answers): Finding;
}

export const ok = (says: string): Finding => ({ outcome: 'ok', says });
export const notChecked = (says: string): Finding => ({ outcome: 'not checked', says });
export const warning = (says: string, ...mend: readonly string[]): Finding => ({ outcome: 'warning', says, mend });
export const problem = (says: string, ...mend: readonly string[]): Finding => ({ outcome: 'problem', says, mend });

/** One of several faults that a check may find at once. */
export interface Fault {
  readonly outcome: 'warning' | 'problem';
  readonly says: string;
  readonly mend: string;
}

/** All of them in one finding, which is as bad as the worst; without any, it is well. */
export function weigh(faults: readonly Fault[], well: string): Finding {
  if (faults.length === 0) return ok(well);
  const isProblem = faults.some(({ outcome }) => outcome === 'problem');
  const says = faults.map((fault) => fault.says).join('; ');
  return { outcome: isProblem ? 'problem' : 'warning', says, mend: [...new Set(faults.map(({ mend }) => mend))] };
}

const longest = 60;

/** What strangers have written, fit for a terminal. */
export function quote(text: string): string {
  const plain = text.replace(/[^\x20-\x7e]/g, '?');
  return plain.length > longest ? `${plain.slice(0, longest)}…` : plain;
}
