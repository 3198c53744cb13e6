import { type Check, notChecked, ok, problem, quote, warning } from '../check.ts';
import { cookiesSetBy, isReply, type Reply, readReply } from '../reply.ts';

export const stranger: Check = {
  name: 'stranger',
  question: 'Are requests without a session rejected?',
  judge({ mode, strangers: [reply] }) {
    const meaning = readReply(reply, mode);
    if (meaning.kind === 'nobody' && meaning.how === 'status') return ok(`${reply.status} without a session`);
    if (meaning.kind === 'redirect') return notChecked('it is answered by a redirect');
    if (meaning.kind === 'nobody') {
      return warning(
        '200 without a session, although it names nobody',
        'It works, but in mode `status` it would let everybody in. Use http_response_code(403).',
      );
    }
    if (meaning.kind === 'somebody' && mode === 'status') {
      return problem(
        '200 without a session: in mode `status` everybody gets in',
        'Use a page that answers 403, or redirects to the login, when nobody is logged in.',
      );
    }
    if (meaning.kind === 'somebody') {
      return problem(
        '200 with a token, although nobody is logged in',
        'Check for a logged-in user, not only for a session: answer 403 unless $_SESSION holds the data of your login.',
      );
    }
    if (meaning.kind === 'html') {
      return problem(
        '200 with an HTML page, such as a login form',
        'Handshakes then fail with 500 and an alarm. Answer 403 with JSON, and exclude the route from login pages ' +
          "(the framework's firewall, or a plug-in).",
      );
    }
    if (meaning.kind === 'not json') {
      return problem(
        '200 with something that is not JSON',
        'Answer 403 when nobody is logged in, otherwise json_encode() with its content type.',
      );
    }
    return problem(`${reply.status} without a session`, ...fixForStatus(reply.status));
  },
};

function fixForStatus(status: number): readonly string[] {
  if (status === 404)
    return [
      "The page does not exist. Check the path and the app's routes. See docs/web-servers.md for php -S, nginx and Apache.",
    ];
  if (status === 405) return ['The route must answer GET.'];
  if (status === 421) return ['421 means a wrong signature, but none was sent. Use php/session-socket.php unchanged.'];
  if (status === 429)
    return ['A rate limit applies. The gateway uses few addresses, so exclude this URL from the limit.'];
  if (status >= 500) return ["PHP's error log explains why."];
  return ['Answer 403 when nobody is logged in. With any other status handshakes fail with 500 and an alarm.'];
}

/** PHP's default cache limiter sends this when a session starts: https://www.php.net/session_cache_limiter */
const sessionExpires = 'Thu, 19 Nov 1981 08:52:00 GMT';
const strictMode = "Turn on session.use_strict_mode in php.ini, or session_start(['use_strict_mode' => 1, …]).";
const neverStarted =
  'Start a session only if there is a cookie: if (isset($_COOKIE[session_name()])) session_start(…).';

/** By default PHP adopts any id that a visitor sends, so an attacker can plant one: session fixation. */
export const inventedId: Check = {
  name: 'invented id',
  question: 'Is an invented session id rejected?',
  judge({ target: { cookieName }, mode, invented: { id, answers }, strangers }) {
    const replies = answers.filter(isReply);
    if (replies.length === 0) return notChecked('the request was not answered');
    if (replies.some((reply) => readReply(reply, mode).kind === 'somebody')) {
      return problem(
        'an invented id is accepted as a session: anybody who invents one gets in',
        strictMode,
        'And answer 403 unless $_SESSION holds the data of your login.',
      );
    }
    const given = cookiesSetBy(replies).filter(({ name }) => name === cookieName);
    if (given.some(({ value }) => value === id)) return problem('an invented id is kept', strictMode);
    const startsForStrangers = cookiesSetBy(strangers.filter(isReply)).some(({ name }) => name === cookieName);
    // A session started and no other id was sent back, so the session has the invented id.
    const opensOnlyForCookies = replies.some(opensSession) && !strangers.filter(isReply).some(opensSession);
    const isAdopted = given.length === 0 && (startsForStrangers || opensOnlyForCookies);
    if (isAdopted) return problem('an invented id becomes a session: PHP adopts it', strictMode);
    return ok('rejected, and nothing shows that PHP keeps it');
  },
};

const opensSession = ({ headers }: Reply) => headers.expires === sessionExpires;

export const strangersSession: Check = {
  name: 'strangers',
  question: 'Do requests without a session start none?',
  judge({ target: { cookieName }, strangers, invented }) {
    const toStrangers = cookiesSetBy(strangers.filter(isReply));
    if (toStrangers.some(({ name }) => name === cookieName)) {
      return warning('every request without a session starts one, and PHP writes a file for it', neverStarted);
    }
    const [other] = toStrangers;
    if (other !== undefined) {
      return warning(
        `requests without a session get the cookie ${quote(other.name)}`,
        'If this is the session cookie, pass --cookie-name. If not, set no cookies in this answer.',
      );
    }
    const toInventors = cookiesSetBy(invented.answers.filter(isReply)).some(({ name }) => name === cookieName);
    if (toInventors) {
      return warning(
        'every invented id starts a session, and PHP writes a file for it',
        'php/session-socket.php first checks that the session exists. A rate limit per address also helps.',
      );
    }
    return ok('requests without a session start none');
  },
};
