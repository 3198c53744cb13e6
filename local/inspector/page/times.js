import { element } from './elements.js';

const twoDigits = (number) => String(number).padStart(2, '0');

/** The local cloud's clock can be ahead of this machine's. */
let aheadMs = 0;

export function setNow(now) {
  aheadMs = now - Date.now();
}

export const now = () => Date.now() + aheadMs;

/** `14:03:09`, and the day before it when it is not today. */
export function clockTime(at) {
  const date = new Date(at);
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(twoDigits).join(':');
  const isToday = date.toDateString() === new Date(now()).toDateString();
  return isToday
    ? time
    : `${date.getFullYear()}-${twoDigits(date.getMonth() + 1)}-${twoDigits(date.getDate())} ${time}`;
}

export function exactTime(at) {
  return `${clockTime(at)}.${String(new Date(at).getMilliseconds()).padStart(3, '0')}`;
}

/** `12 s`, `3 min`, `2 h`, `4 d` */
export function span(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

export const ago = (at) => (now() - at < 1000 ? 'now' : `${span(now() - at)} ago`);

/** `14:03:09, in 2 h` */
export function whenever(at) {
  return `${clockTime(at)}, ${at > now() ? `in ${span(at - now())}` : ago(at)}`;
}

/** `0.8 ms`, `12 ms`, `1.24 s` */
export function duration(ms) {
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(2)} s`;
}

const said = { ago, age: (at) => span(now() - at), exact: exactTime, clock: clockTime };

/**
 * A time that stays true while it is shown.
 * @param {'ago' | 'age' | 'exact' | 'clock'} how
 */
export function time(at, how) {
  const title = how === 'ago' || how === 'age' ? exactTime(at) : undefined;
  return element(
    'time',
    { datetime: new Date(at).toISOString(), title, 'data-at': at, 'data-how': how },
    said[how](at),
  );
}

/** Called once a second. */
export function renewTimes(within) {
  for (const node of within.querySelectorAll('time[data-how=ago], time[data-how=age]')) {
    const text = said[node.dataset.how](Number(node.dataset.at));
    if (node.textContent !== text) node.textContent = text;
  }
}
