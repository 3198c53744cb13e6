import { type Check, notChecked, ok, problem, quote, warning } from '../check.ts';
import { cookiesSetBy, isReply, type Reply, readReply } from '../reply.ts';

export const stranger: Check = {
  name: 'stranger',
  question: 'Is somebody without a session told so?',
  judge({ mode, strangers: [reply] }) {
    const meaning = readReply(reply, mode);
    if (meaning.kind === 'nobody' && meaning.how === 'status') return ok(`${reply.status} without a session`);
    if (meaning.kind === 'redirect') return notChecked('it is answered by a redirect');
    if (meaning.kind === 'nobody') {
      return warning(
        '200 without a session, though with nobody in it',
        'It works, but in the mode `status` it lets everybody in: http_response_code(403) says it plainly.',
      );
    }
    if (meaning.kind === 'somebody' && mode === 'status') {
      return problem(
        '200 without a session: in the mode `status` everybody gets in',
        'Name a page that answers 403, or redirects to the login, when nobody is logged in.',
      );
    }
    if (meaning.kind === 'somebody') {
      return problem(
        '200 with a token, and nobody is logged in',
        'Ask who is logged in, not which session it is: answer 403 unless what your login puts into $_SESSION is there.',
      );
    }
    if (meaning.kind === 'html') {
      return problem(
        '200 with an HTML page, such as a login form',
        'To the gateway that is no answer: handshakes fail with 500 and an alarm. Answer 403 with JSON, and let no login ' +
          'page come in between (a firewall of the framework, or a plug-in).',
      );
    }
    if (meaning.kind === 'not json') {
      return problem(
        '200 with something that is not JSON',
        'Answer 403 for nobody, and else json_encode() with its type.',
      );
    }
    return problem(`${reply.status} without a session`, ...mendStatus(reply.status));
  },
};

function mendStatus(status: number): readonly string[] {
  if (status === 404)
    return [
      'There is no such page: look at the path, and at the routes of the app; docs/web-servers.md has the lines for php -S, nginx and Apache.',
    ];
  if (status === 405) return ['It has to answer GET.'];
  if (status === 421) return ['It means a wrong signature, and none was sent: use php/session-socket.php as it is.'];
  if (status === 429) return ['A limit of requests strikes: the gateway asks from few addresses, so except this URL.'];
  if (status >= 500) return ["PHP's error log says why."];
  return ['Answer 403 when nobody is logged in; of anything else the gateway makes a 500 and an alarm.'];
}

/** What PHP's default cache limiter sends when a session is opened: https://www.php.net/session_cache_limiter */
const sessionExpires = 'Thu, 19 Nov 1981 08:52:00 GMT';
const strictMode = "Turn on session.use_strict_mode in php.ini, or session_start(['use_strict_mode' => 1, …]).";
const neverStarted = 'Start no session here for who has none: if (isset($_COOKIE[session_name()])) session_start(…).';

/** PHP's default takes over any id that a visitor brings, so that one can be planted: session fixation. */
export const inventedId: Check = {
  name: 'invented id',
  question: 'Is an id that nobody gave out refused?',
  judge({ target: { cookieName }, mode, invented: { id, answers }, strangers }) {
    const replies = answers.filter(isReply);
    if (replies.length === 0) return notChecked('the question was not answered');
    if (replies.some((reply) => readReply(reply, mode).kind === 'somebody')) {
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
  judge({ target: { cookieName }, strangers, invented }) {
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
