import { cookieNames } from '../ask.ts';
import { type Check, type Finding, notChecked, ok, problem, quote, warning } from '../check.ts';
import type { Answers } from '../collect-answers.ts';
import { type Answered, cookiesSetBy, isReply, type Reply, readReply } from '../reply.ts';
import { isSafe } from '../target.ts';
import { describeFailure } from './reach.ts';

const takesCookie = 'needs --cookie with the cookie of a logged-in user';

/** Prints only that a user is logged in, never which one. */
export const session: Check = {
  name: 'session',
  question: 'Does PHP find the logged-in user?',
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
    return ok(`a user is logged in${names}${enough}`);
  },
};

/** The page gets a token, but PHP rejects the gateway. */
function describeUnknown({ target: { cookie = '' }, mode, sent }: Answers): Finding {
  const part = describePart(cookie, sent?.cookieHeader ?? cookie);
  if (part === undefined) {
    return problem(
      'the page gets a token, but with the same cookies the gateway hears that nobody is logged in',
      'If the session is bound to the IP address or the user agent, update session-socket.php, which gives the app those of the ' +
        'browser; frameworks call SessionSocket\\restore_browser() first (docs/php.md).',
    );
  }
  const says = `the gateway would send ${part}, and with those nobody is logged in`;
  if (mode === 'cookie') return problem(says, 'Add the missing cookies: -c cookies=…, and --cookies for the doctor.');
  if (mode === 'session-id' || mode === 'status') {
    return problem(says, 'This mode sends only the session cookie. The modes ticket and cookie can send several.');
  }
  const fix =
    "Name the others in PHP: answer($credentials, $identify, ['cookies' => ['UserID']]), or the last argument of respond(). Never name a remember-me cookie.";
  if (sent?.isCertain) return problem(says, fix);
  return warning(`${says}, unless PHP seals more`, fix, '--key and --app-id show which cookies PHP seals.');
}

function describeNobody(reply: Reply, mode: Answers['mode']): Finding {
  const { kind } = readReply(reply, mode);
  if (kind === 'nobody') {
    return problem(
      `${reply.status}: nobody is logged in with this cookie`,
      'Copy the cookie again from a logged-in browser, and check its name (--cookie-name).',
      'If it is right, the route does not find the data that the login stores in $_SESSION, or uses other session settings.',
    );
  }
  if (kind === 'redirect') {
    return problem(
      `${reply.status} instead of an answer`,
      'A login page answers first. The route must answer by itself.',
    );
  }
  if (kind === 'status' || kind === 'misconfigured') {
    return problem(`${reply.status} for a logged-in user`, "PHP's error log explains why.");
  }
  return problem(
    '200 for a logged-in user, but not JSON',
    'Answer with json_encode(…) and its content type, and nothing else.',
  );
}

/** Cookies with which frameworks log in a browser again after its session ended. */
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
      return notChecked('needs --cookie with the cookie of a logged-in user');
    const names = cookieNames(sent.cookieHeader).filter((name) => name !== '');
    const remembering = names.filter((name) => isRememberMe(name, cookieName));
    if (remembering.length > 0) {
      return warning(
        `${quote(remembering.join(', '))} would log the user in again after a logout`,
        "Send only the session's cookies. With a remember-me cookie each check of the gateway would start a new session.",
      );
    }
    const all = quote(names.join(', '));
    if (names.length === 0)
      return warning('none of the cookies in --cookie', '--cookies must list the names that the stack passes on.');
    return ok(sent.isCertain ? all : `${all}; use --key and --app-id to check whether PHP seals more`);
  },
};

const words = ['none', 'one', 'two', 'three', 'four', 'five'];
const inWords = (count: number) => words[count] ?? String(count);

/** `one of the two cookies (PHPSESSID)`; undefined if all cookies are sent. */
function describePart(cookie: string, sentHeader: string): string | undefined {
  const [all, sent] = [cookieNames(cookie), cookieNames(sentHeader).filter((name) => name !== '')];
  if (sent.length >= all.length) return undefined;
  const which = sent.length === 0 ? '' : ` (${quote(sent.join(', '))})`;
  return `${inWords(sent.length)} of the ${inWords(all.length)} cookies${which}`;
}

export const untouched: Check = {
  name: 'untouched',
  question: 'Does the request leave the session unchanged?',
  judge({ target: { cookieName }, mode, session: answers = [] }) {
    const replies = answers.filter(isReply);
    const [first, ...later] = replies.map((reply) => readReply(reply, mode));
    if (first?.kind !== 'somebody') return notChecked(takesCookie);
    const fix =
      "Only read the session: session_start(['read_and_close' => true]) or php/session-socket.php, and no session_regenerate_id() on " +
      'this route. The header X-Requested-With marks the request.';
    if (later.some(({ kind }) => kind !== 'somebody')) return problem('the request logs the user out', fix);
    const tokens = [first, ...later].flatMap((meaning) =>
      meaning.kind === 'somebody' && !meaning.isTicket && meaning.token !== '' ? [meaning.token] : [],
    );
    if (new Set(tokens).size > 1) return problem('the request changes the session id', fix);
    if (cookiesSetBy(replies).some(({ name }) => name === cookieName))
      return problem('the request sets the session cookie', fix);
    return ok('three requests left it unchanged');
  },
};

/** A shorter wait may be chance. */
const waitMs = 250;

export const lock: Check = {
  name: 'lock',
  question: 'Is the answer fast while another page of the same user is running?',
  judge({ target: { slowUrl, cookie }, session: answers = [], slow }) {
    if (slowUrl === undefined || cookie === undefined) return notChecked('needs --cookie and --slow-url');
    if (slow === undefined) return notChecked('no cookie is sent without https');
    if ('tooQuick' in slow)
      return notChecked(`the slow page took only ${slow.tooQuick.ms} ms: choose one that takes seconds`);
    const { question, stranger } = slow;
    const usualMs = Math.min(...answers.map(({ ms }) => ms));
    if (hasWaited(stranger, usualMs)) {
      return problem(
        `even a request without a session ${describeWait(stranger)} for the slow page`,
        'This is not a lock: the server answers one request at a time. Add workers (pm.max_children in php-fpm, ' +
          'PHP_CLI_SERVER_WORKERS for php -S).',
      );
    }
    if (!hasWaited(question, usualMs)) return ok(`${question.ms} ms`);
    return problem(
      `the request ${describeWait(question)} for the slow page, which holds the session lock`,
      "In the slow page, call session_write_close() before the work, or session_start(['read_and_close' => true]).",
      'In the route itself neither helps, because it waits before it can read.',
    );
  },
};

const describeWait = (answered: Answered) =>
  isReply(answered) ? `waited ${answered.ms} ms` : `was not answered within ${answered.ms} ms`;
const hasWaited = (answered: Answered, usualMs: number) => !isReply(answered) || answered.ms > usualMs + waitMs;

/** Only the server knows these settings. The line reminds the reader to check them. */
export const phpIni: Check = {
  name: 'php.ini',
  question: 'Are the session settings safe?',
  judge: () => notChecked('check yourself (php -i): use_trans_sid 0, use_only_cookies 1, the save handler'),
};

export const expiry: Check = {
  name: 'expiry',
  question: 'Does a session end when it should?',
  judge: () => notChecked('check yourself: gc_maxlifetime does not end a session, so the app must'),
};

export const rotation: Check = {
  name: 'rotation',
  question: 'Does the id change at login?',
  judge: () => notChecked('check yourself: session_regenerate_id(true) before the login fills $_SESSION'),
};
