import { type Check, type Finding, notChecked, ok, problem, warning } from '../check.ts';
import { clockSkewSeconds, isReply, type Reply, readReply } from '../reply.ts';
import { decodeValue, findCookie, isSafe } from '../target.ts';

/** PHP accepts signatures within this many seconds. */
const allowedSeconds = 300;
const ntp = 'Synchronize the clocks of both machines by NTP (timedatectl). AWS synchronizes its own.';

export const clock: Check = {
  name: 'clock',
  question: 'Do the clocks agree?',
  judge({ strangers: [reply] }) {
    const skew = clockSkewSeconds(reply);
    if (skew === undefined) return notChecked('the answer has no usable Date header');
    const seconds = Math.abs(skew);
    const says = `the app's is ${seconds} s ${skew > 0 ? 'ahead of' : 'behind'} this machine's`;
    if (seconds > allowedSeconds) return problem(`${says}, but only ${allowedSeconds} s are allowed`, ntp);
    if (seconds > allowedSeconds / 5) return warning(says, ntp);
    // A Date header has whole seconds.
    return ok(seconds <= 2 ? 'they agree' : says);
  },
};

const ignores =
  'The app ignores the signature and uses plain session ids. With php/session-socket.php it uses tickets.';

export const signature: Check = {
  name: 'signature',
  question: "Does PHP accept the gateway's signature, and no other?",
  judge(answers) {
    const { keys, url } = answers.target;
    const { signed } = answers;
    if (keys === undefined) return notChecked('needs --key, and the secret in SESSION_SOCKET_SECRET');
    if (!isSafe(url) || signed === undefined) return notChecked('needs https');
    const { right, wrong, old, byTheirClock } = signed;
    if (!isReply(right) || !isReply(wrong) || !isReply(old)) return notChecked('a request was not answered');
    if (right.status === 421 && byTheirClock !== undefined && isReply(byTheirClock) && byTheirClock.status !== 421) {
      return problem("the secret is right, but the app's clock is wrong: 421", ntp);
    }
    if (right.status === 421) {
      return problem(
        'PHP rejects the right signature with 421',
        "PHP has another key or secret than the stack, the app's clock is wrong, or a proxy changes the path, " +
          "the query or the Cookie header. PHP's error log says which one.",
      );
    }
    const kind = readReply(right, answers.mode).kind;
    if (kind !== 'somebody' && kind !== 'nobody') {
      return problem(`a signed request gets ${right.status}`, "PHP's error log explains why.");
    }
    if (wrong.status !== 421) return warning('a wrong signature is ignored', ignores);
    if (old.status !== 421) {
      return problem(
        'a signature that is an hour old is accepted',
        'Use php/session-socket.php unchanged. It allows 300 s.',
      );
    }
    return ok('the right one is accepted, wrong and old ones are rejected');
  },
};

/** In mode `ticket` the gateway accepts only a signed no, so that a firewall's page cannot log out a user. */
export const signedRejection: Check = {
  name: 'no',
  question: 'Does PHP sign its rejections?',
  judge({ mode, signed }) {
    if (mode !== undefined && mode !== 'ticket') return notChecked('only mode ticket needs it');
    if (signed === undefined) return notChecked('needs --key, and the secret in SESSION_SOCKET_SECRET');
    const { nobody, isSignedRejection, wrong } = signed;
    if (!isReply(nobody)) return notChecked('the request was not answered');
    if (nobody.status === 421) return notChecked('the signature is not accepted');
    if (!isReply(wrong) || wrong.status !== 421) return notChecked('the app ignores the signature');
    if (isSignedRejection) return ok('signed');
    const consequence =
      'The gateway ignores such an answer: handshakes fail with 500 and an alarm, and sockets stay open after a logout.';
    if (nobody.status === 403 && isOurs(nobody)) {
      return problem(
        'session-socket.php is outdated: its 403 is not signed',
        `Copy php/session-socket.php of this release into the app. ${consequence}`,
      );
    }
    return problem(
      `${nobody.status} without PHP's signature: something in front of PHP answered`,
      'Look for a firewall, security plug-in, maintenance page or login page that answers instead of PHP, or drops its header X-Session-Socket-Answer.',
      consequence,
    );
  },
};

/** Every release of session-socket.php answers `{"error": "…"}`. */
const isOurs = ({ body }: Reply): boolean => /^\s*\{"error":/.test(body);

export const mode: Check = {
  name: 'mode',
  question: 'Which mode does the answer fit?',
  judge({ target, mode, session = [], signed }) {
    const { cookie = '', cookieName } = target;
    if (mode === 'status') return judgeStatus(target.mode === 'status');
    const [meaning, ...more] = session
      .filter(isReply)
      .map((reply) => readReply(reply))
      .filter((each) => each.kind === 'somebody');
    if (meaning !== undefined) {
      if (meaning.isTicket) return ok('tickets: the session id stays in its cookie');
      if (more.some(({ token }) => token !== meaning.token)) return notChecked('the id changes with every request');
      const id = decodeValue(findCookie(cookie, cookieName) ?? '');
      const what =
        meaning.token === id ? 'plain session ids' : 'something that is neither a ticket nor the id of the cookie';
      if (meaning.token !== id) {
        return problem(
          what,
          'The mode `session-id` compares it with the cookie. Frameworks that encrypt cookies need mode `ticket`.',
        );
      }
      return warning(what, 'Scripts in the page can read them. With php/session-socket.php the app uses tickets.');
    }
    if (signed !== undefined && isReply(signed.wrong) && signed.wrong.status === 421) return ok('tickets');
    return notChecked('needs --cookie with the cookie of a logged-in user');
  },
};

function judgeStatus(isExplicit: boolean): Finding {
  if (isExplicit) return ok('a page that only a logged-in user gets');
  return warning(
    'a page for logged-in users, not a token: this fits only the mode `status`',
    'If the stack is deployed with -c mode=status, pass --mode status. In the other modes answer with JSON.',
  );
}
