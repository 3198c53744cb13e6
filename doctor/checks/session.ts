import { cookieNames } from '../ask.ts';
import { type Check, type Finding, notChecked, ok, problem, quote, warning } from '../check.ts';
import type { Answers } from '../interview.ts';
import { type Answered, cookiesSetBy, isReply, type Reply, readReply } from '../reply.ts';
import { isSafe } from '../target.ts';
import { describeFailure } from './reach.ts';

const takesCookie = 'it takes the cookie of somebody who is logged in: --cookie';

/** That somebody is, never who. */
export const session: Check = {
  name: 'session',
  question: 'Is it known who is logged in?',
  judge(answers) {
    const { target, mode, session: pages, signed, alone } = answers;
    if (target.cookie === undefined) return notChecked(takesCookie);
    if (!isSafe(target.url) || pages === undefined) return notChecked('no cookie is sent without https');
    const [first] = pages;
    if (first === undefined || !isReply(first)) return describeFailure(first?.failure ?? 'nothing');
    if (readReply(first, mode).kind !== 'somebody') return describeNobody(first, mode);

    const asked = signed?.right ?? alone ?? first;
    const gateway = isReply(asked) ? readReply(asked, mode) : undefined;
    if (gateway?.kind === 'nobody' || gateway?.kind === 'redirect') return describeUnknown(answers);
    const part = describePart(target.cookie, answers.sent?.cookieHeader ?? target.cookie);
    const enough = part === undefined ? '' : `; the gateway would send ${part}`;
    const names = gateway?.kind === 'somebody' && gateway.namesUser ? ', and the app names a user' : '';
    return ok(`somebody is logged in${names}${enough}`);
  },
};

/** The page gets its token, and the gateway a no. */
function describeUnknown({ target: { cookie = '' }, mode, sent }: Answers): Finding {
  const part = describePart(cookie, sent?.cookieHeader ?? cookie);
  if (part === undefined) {
    return problem(
      'the page gets a token, and the gateway with the same cookies is told that nobody is logged in',
      'Is the session bound to the address or the user agent? Then update session-socket.php, which gives the app those of the ' +
        'browser; frameworks call SessionSocket\\restore_browser() first (docs/php.md).',
    );
  }
  const says = `the gateway would send ${part}, and with that nobody is logged in`;
  if (mode === 'cookie') return problem(says, 'Name the others too: -c cookies=…, and for the doctor --cookies.');
  if (mode === 'session-id' || mode === 'status') {
    return problem(says, 'This mode sends the session cookie alone. The modes ticket and cookie can send several.');
  }
  const mend =
    "PHP names the others: answer($credentials, $identify, ['cookies' => ['UserID']]), and respond() as its last argument. Never a remember-me cookie.";
  if (sent?.isCertain) return problem(says, mend);
  return warning(`${says}, unless PHP seals more`, mend, '--key and --app-id show which cookies PHP seals.');
}

function describeNobody(reply: Reply, mode: Answers['mode']): Finding {
  const { kind } = readReply(reply, mode);
  if (kind === 'nobody') {
    return problem(
      `${reply.status}: nobody is logged in with this cookie`,
      'Copy the cookie again from a browser that is logged in, and look at its name (--cookie-name).',
      'If it is right, the route does not find what the login puts into $_SESSION, or runs with other session settings.',
    );
  }
  if (kind === 'redirect') {
    return problem(
      `${reply.status} instead of an answer`,
      'Let no login page come in between: the route answers by itself.',
    );
  }
  if (kind === 'status' || kind === 'misconfigured') {
    return problem(`${reply.status} for who is logged in`, "PHP's error log says why.");
  }
  return problem('200 for who is logged in, but not in JSON', 'echo json_encode(…) with its type, and nothing else.');
}

/** Names by which frameworks log a browser in again after its session has ended. */
const rememberMe =
  /remember|auto_?login|stay_?logged|keep_?(me_?)?logged|persistent_?login|^_?identity$|^_identity|^cookieauth$/i;

/** MediaWiki's token has its session cookie's prefix: `wiki_session`, `wikiToken`. */
const isRememberMe = (name: string, cookieName: string): boolean =>
  name !== cookieName && (rememberMe.test(name) || name === cookieName.replace(/_session$/, 'Token'));

export const sentCookies: Check = {
  name: 'cookies',
  question: 'Which cookies would the gateway send?',
  judge({ target: { cookie, cookieName }, sent }) {
    if (cookie === undefined || sent === undefined)
      return notChecked('it takes the cookie of somebody who is logged in: --cookie');
    const names = cookieNames(sent.cookieHeader).filter((name) => name !== '');
    const remembering = names.filter((name) => isRememberMe(name, cookieName));
    if (remembering.length > 0) {
      return warning(
        `${quote(remembering.join(', '))} would log the user in again after a logout`,
        "Send the session's cookies only, and no remember-me cookie: the gateway's check would begin another session each time.",
      );
    }
    const all = quote(names.join(', '));
    if (names.length === 0)
      return warning('none of those in --cookie', '--cookies has the names that the stack passes on.');
    return ok(sent.isCertain ? all : `${all}; --key and --app-id show whether PHP seals more`);
  },
};

const words = ['none', 'one', 'two', 'three', 'four', 'five'];
const inWords = (count: number) => words[count] ?? String(count);

/** `one of the two cookies (PHPSESSID)`; undefined where it is all of them. */
function describePart(cookie: string, sentHeader: string): string | undefined {
  const [all, sent] = [cookieNames(cookie), cookieNames(sentHeader).filter((name) => name !== '')];
  if (sent.length >= all.length) return undefined;
  const which = sent.length === 0 ? '' : ` (${quote(sent.join(', '))})`;
  return `${inWords(sent.length)} of the ${inWords(all.length)} cookies${which}`;
}

export const untouched: Check = {
  name: 'untouched',
  question: 'Does the question leave the session as it is?',
  judge({ target: { cookieName }, mode, session: answers = [] }) {
    const replies = answers.filter(isReply);
    const [first, ...later] = replies.map((reply) => readReply(reply, mode));
    if (first?.kind !== 'somebody') return notChecked(takesCookie);
    const mend =
      "Read only: session_start(['read_and_close' => true]), or php/session-socket.php, and no session_regenerate_id() on " +
      'the way to it; the header X-Requested-With tells the question from a visit.';
    if (later.some(({ kind }) => kind !== 'somebody')) return problem('after it, nobody is logged in any more', mend);
    const tokens = [first, ...later].flatMap((meaning) =>
      meaning.kind === 'somebody' && !meaning.isTicket && meaning.token !== '' ? [meaning.token] : [],
    );
    if (new Set(tokens).size > 1) return problem('it changes the id of the session', mend);
    if (cookiesSetBy(replies).some(({ name }) => name === cookieName))
      return problem('it sets the session cookie', mend);
    return ok('asked three times, it is the same');
  },
};

/** Less than this may be chance. */
const waitMs = 250;

export const lock: Check = {
  name: 'lock',
  question: 'Is the answer quick while a page of the same person works?',
  judge({ target: { slowUrl, cookie }, session: answers = [], slow }) {
    if (slowUrl === undefined || cookie === undefined) return notChecked('it takes --cookie and --slow-url');
    if (slow === undefined) return notChecked('no cookie is sent without https');
    if ('tooQuick' in slow) return notChecked(`the slow page took only ${slow.tooQuick.ms} ms: take one of seconds`);
    const { question, stranger } = slow;
    const usualMs = Math.min(...answers.map(({ ms }) => ms));
    if (hasWaited(stranger, usualMs)) {
      return problem(
        `even a stranger ${describeWait(stranger)} for the slow page`,
        'It is no lock: the server answers one request at a time. It needs more workers (pm.max_children in php-fpm, ' +
          'PHP_CLI_SERVER_WORKERS for php -S).',
      );
    }
    if (!hasWaited(question, usualMs)) return ok(`${question.ms} ms`);
    return problem(
      `it ${describeWait(question)} for the slow page, which holds the session's lock`,
      "In the slow page: session_write_close() before the work, or session_start(['read_and_close' => true]).",
      'In the question itself neither helps: it waits before it can read.',
    );
  },
};

const describeWait = (answered: Answered) =>
  isReply(answered) ? `waited ${answered.ms} ms` : `was not answered within ${answered.ms} ms`;
const hasWaited = (answered: Answered, usualMs: number) => !isReply(answered) || answered.ms > usualMs + waitMs;

/** What only the server itself can tell; said, so that nobody takes silence for health. */
export const phpIni: Check = {
  name: 'php.ini',
  question: 'Are the settings of sessions safe?',
  judge: () => notChecked('look yourself (php -i): use_trans_sid 0, use_only_cookies 1, the save handler'),
};

export const expiry: Check = {
  name: 'expiry',
  question: 'Does a session end when it should?',
  judge: () => notChecked('look yourself: gc_maxlifetime is no end, the app keeps one of its own'),
};

export const rotation: Check = {
  name: 'rotation',
  question: 'Does the id change at login?',
  judge: () => notChecked('look yourself: session_regenerate_id(true) before the login fills $_SESSION'),
};
