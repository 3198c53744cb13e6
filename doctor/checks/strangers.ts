import { isReply, type Reply } from '../ask.ts';
import { type Check, notChecked, ok, problem, quote, warning } from '../check.ts';
import { read } from '../said.ts';
import { cookiesSetBy } from '../set-cookie.ts';

/** What PHP's default cache limiter sends when a session is opened: https://www.php.net/session_cache_limiter */
const sessionExpires = 'Thu, 19 Nov 1981 08:52:00 GMT';
const strictMode = "Turn on session.use_strict_mode in php.ini, or session_start(['use_strict_mode' => 1, …]).";
const neverStarted = 'Start no session here for who has none: if (isset($_COOKIE[session_name()])) session_start(…).';

/** PHP's default takes over any id that a visitor brings, so that one can be planted: session fixation. */
export const inventedId: Check = {
  name: 'invented id',
  question: 'Is an id that nobody gave out refused?',
  judge({ patient: { cookieName }, mode, invented: { id, answers }, strangers }) {
    const replies = answers.filter(isReply);
    if (replies.length === 0) return notChecked('the question was not answered');
    if (replies.some((reply) => read(reply, mode).kind === 'somebody')) {
      return problem(
        'an invented id is answered as a session: whoever invents one gets in',
        strictMode,
        'And answer 403 unless what your login puts into $_SESSION is there.',
      );
    }
    const given = cookiesSetBy(replies).filter(({ name }) => name === cookieName);
    if (given.some(({ value }) => value === id)) return problem('an invented id is kept', strictMode);
    const startsForStrangers = cookiesSetBy(strangers.filter(isReply)).some(({ name }) => name === cookieName);
    // A session was opened, and the one who asked was given no other id: then it has the one that was invented.
    const opensOnlyForCookies = replies.some(opensSession) && !strangers.filter(isReply).some(opensSession);
    const isAdopted = given.length === 0 && (startsForStrangers || opensOnlyForCookies);
    if (isAdopted) return problem('an invented id becomes a session: PHP adopts it', strictMode);
    return ok('refused, and nothing shows that it is kept');
  },
};

const opensSession = ({ headers }: Reply) => headers.expires === sessionExpires;

export const strangersSession: Check = {
  name: 'strangers',
  question: 'Does a stranger cost no session?',
  judge({ patient: { cookieName }, strangers, invented }) {
    const toStrangers = cookiesSetBy(strangers.filter(isReply));
    if (toStrangers.some(({ name }) => name === cookieName)) {
      return warning('everybody who asks without a session is given one, and PHP writes a file for it', neverStarted);
    }
    const [other] = toStrangers;
    if (other !== undefined) {
      return warning(
        `strangers are given the cookie ${quote(other.name)}`,
        'If that is the session: --cookie-name checks it. If not, leave cookies out of this answer.',
      );
    }
    const toInventors = cookiesSetBy(invented.answers.filter(isReply)).some(({ name }) => name === cookieName);
    if (toInventors) {
      return warning(
        'every invented id is given a session, and PHP writes a file for it',
        'php/session-socket.php looks first whether there is such a session; a limit of requests per address helps too.',
      );
    }
    return ok('none is started for who has none');
  },
};
