/** A child of an element. Undefined and false are skipped. */
export type Child = Node | string | undefined | false;

/** `onclick` is a listener. Undefined and false are skipped. */
export interface Attributes {
  readonly onclick?: () => void;
  readonly [name: string]: string | number | boolean | undefined | (() => void);
}

/**
 * Creates an element. Strings become text nodes, so a client's input can never become markup.
 * @param name `span.soft` has a class
 */
export function element(
  name: string,
  attributes: Attributes = {},
  ...children: (Child | readonly Child[])[]
): HTMLElement {
  const [tag = '', ...classes] = name.split('.');
  const node = document.createElement(tag);
  if (classes.length > 0) node.className = classes.join(' ');
  for (const [attribute, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    if (typeof value === 'function') node.addEventListener('click', () => value());
    else node.setAttribute(attribute, value === true ? '' : String(value));
  }
  node.append(...children.flat().filter((child) => child !== undefined && child !== false));
  return node;
}

/** The elements of page.html that scripts change. */
interface Parts {
  readonly address: HTMLElement;
  readonly detail: HTMLElement;
  readonly failed: HTMLElement;
  readonly filter: HTMLInputElement;
  readonly gone: HTMLElement;
  readonly help: HTMLElement;
  readonly keys: HTMLDialogElement;
  readonly main: HTMLElement;
  readonly pause: HTMLElement;
  readonly 'pause-text': HTMLElement;
  readonly announcement: HTMLElement;
  readonly scope: HTMLElement;
  readonly state: HTMLElement;
  readonly 'state-text': HTMLElement;
  readonly totals: HTMLElement;
  readonly views: HTMLElement;
}

export function byId<Id extends keyof Parts>(id: Id): Parts[Id] {
  const node = document.getElementById(id);
  if (node === null) throw new Error(`page.html has no element with the id ${id}.`);
  return node as Parts[Id];
}

const twoDigits = (number: number) => String(number).padStart(2, '0');

/** How far the local cloud's clock is ahead of this machine's. */
let aheadMs = 0;

export function setNow(now: number): void {
  aheadMs = now - Date.now();
}

const now = () => Date.now() + aheadMs;

/** `14:03:09`, with the date if it is not today. */
function clockTime(at: number): string {
  const date = new Date(at);
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(twoDigits).join(':');
  const isToday = date.toDateString() === new Date(now()).toDateString();
  return isToday
    ? time
    : `${date.getFullYear()}-${twoDigits(date.getMonth() + 1)}-${twoDigits(date.getDate())} ${time}`;
}

export function exactTime(at: number): string {
  return `${clockTime(at)}.${String(new Date(at).getMilliseconds()).padStart(3, '0')}`;
}

/** `12 s`, `3 min`, `2 h`, `4 d` */
function span(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

const ago = (at: number) => (now() - at < 1000 ? 'now' : `${span(now() - at)} ago`);

/** `14:03:09, in 2 h` */
export function timeWithAge(at: number): string {
  return `${clockTime(at)}, ${at > now() ? `in ${span(at - now())}` : ago(at)}`;
}

/** `0.8 ms`, `12 ms`, `1.24 s` */
export function duration(ms: number): string {
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(2)} s`;
}

const timeTexts = { ago, age: (at: number) => span(now() - at), exact: exactTime, clock: clockTime };

/** A time element that stays up to date. */
export function time(at: number, how: keyof typeof timeTexts): HTMLElement {
  const title = how === 'ago' || how === 'age' ? exactTime(at) : undefined;
  const attributes = { datetime: new Date(at).toISOString(), title, 'data-at': at, 'data-how': how };
  return element('time', attributes, timeTexts[how](at));
}

/** `14:03:09.120 3 min ago` */
export const exactAndAgo = (at: number): readonly Child[] => [
  time(at, 'exact'),
  ' ',
  element('span.soft', {}, time(at, 'ago')),
];

/** Called once a second. */
export function renewTimes(): void {
  for (const how of ['ago', 'age'] as const) {
    for (const node of document.querySelectorAll<HTMLElement>(`time[data-how=${how}]`)) {
      const text = timeTexts[how](Number(node.dataset['at']));
      if (node.textContent !== text) node.textContent = text;
    }
  }
}
