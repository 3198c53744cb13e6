import { type Check, type Finding, notChecked, ok, problem, warning } from '../check.ts';
import { clockSkewSeconds, isReply, type Reply, readReply } from '../reply.ts';
import { decodeValue, findCookie, isSafe } from '../target.ts';

/** What PHP accepts of a signature. */
const allowedSeconds = 300;
const ntp = 'Set the clocks of both machines by NTP (timedatectl); AWS keeps its own.';

export const clock: Check = {
  name: 'clock',
  question: 'Do the clocks agree?',
  judge({ strangers: [reply] }) {
    const skew = clockSkewSeconds(reply);
    if (skew === undefined) return notChecked('the answer has no Date of its own');
    const seconds = Math.abs(skew);
    const says = `the app's is ${seconds} s ${skew > 0 ? 'ahead of' : 'behind'} this machine's`;
    if (seconds > allowedSeconds) return problem(`${says}, and ${allowedSeconds} are allowed`, ntp);
    if (seconds > allowedSeconds / 5) return warning(says, ntp);
    // A Date has whole seconds.
    return ok(seconds <= 2 ? 'they agree' : says);
  },
};

const ignores =
  'The app does not look at the signature: plain session ids. With php/session-socket.php it gives tickets.';

export const signature: Check = {
  name: 'signature',
  question: 'Does PHP know the gateway, and nobody else?',
  judge(answers) {
    const { keys, url } = answers.target;
    const { signed } = answers;
    if (keys === undefined) return notChecked('it takes --key and the secret in SESSION_SOCKET_SECRET');
    if (!isSafe(url) || signed === undefined) return notChecked('it needs https');
    const { right, wrong, old, byTheirClock } = signed;
    if (!isReply(right) || !isReply(wrong) || !isReply(old)) return notChecked('a question was not answered');
    if (right.status === 421 && byTheirClock !== undefined && isReply(byTheirClock) && byTheirClock.status !== 421) {
      return problem("the secret fits, but the app's clock is off: 421", ntp);
    }
    if (right.status === 421) {
      return problem(
        'the right signature is answered 421',
        "Its key or secret is not the stack's, the app's clock is off, or something in front of PHP changes the path, " +
          "the query or the Cookie header. PHP's error log says which.",
      );
    }
    const kind = readReply(right, answers.mode).kind;
    if (kind !== 'somebody' && kind !== 'nobody') {
      return problem(`a signed question is answered ${right.status}`, "PHP's error log says why.");
    }
    if (wrong.status !== 421) return warning('a wrong signature is accepted like none', ignores);
    if (old.status !== 421) {
      return problem(
        'a signature of an hour ago is accepted',
        'Use php/session-socket.php as it is: 300 s are allowed.',
      );
    }
    return ok('accepted; a wrong one and an old one are not');
  },
};

/** In mode `ticket` the gateway believes no other no: a firewall's page must not log anybody out. */
export const ownNo: Check = {
  name: 'no',
  question: 'Does PHP sign its no?',
  judge({ mode, signed }) {
    if (mode !== undefined && mode !== 'ticket') return notChecked('only mode ticket needs it');
    if (signed === undefined) return notChecked('it takes --key and the secret in SESSION_SOCKET_SECRET');
    const { nobody, isOwnNo, wrong } = signed;
    if (!isReply(nobody)) return notChecked('the question was not answered');
    if (nobody.status === 421) return notChecked('the signature is not accepted');
    if (!isReply(wrong) || wrong.status !== 421) return notChecked('the app does not look at the signature');
    if (isOwnNo) return ok('signed');
    const consequence = 'To the gateway that is no answer: 500 and an alarm, and sockets stay open after a logout.';
    if (nobody.status === 403 && isOurs(nobody)) {
      return problem(
        'session-socket.php is outdated: its 403 is not signed',
        `Copy php/session-socket.php of this release into the app. ${consequence}`,
      );
    }
    return problem(
      `${nobody.status} without PHP's signature: something in front of PHP answered`,
      'Look for a firewall, a security plug-in, a maintenance page or a login page that answers in the place of PHP, or drops its header X-Session-Socket-Answer.',
      consequence,
    );
  },
};

/** `{"error": "…"}`, as every release of the file says it. */
const isOurs = ({ body }: Reply): boolean => /^\s*\{"error":/.test(body);

export const mode: Check = {
  name: 'mode',
  question: 'Which way in does the app offer?',
  judge({ target, mode, session = [], signed }) {
    const { cookie = '', cookieName } = target;
    if (mode === 'status') return judgeStatus(target.mode === 'status');
    const [meaning, ...more] = session
      .filter(isReply)
      .map((reply) => readReply(reply))
      .filter((each) => each.kind === 'somebody');
    if (meaning !== undefined) {
      if (meaning.isTicket) return ok('tickets: the session id stays in its cookie');
      if (more.some(({ token }) => token !== meaning.token)) return notChecked('the id changes with every question');
      const id = decodeValue(findCookie(cookie, cookieName) ?? '');
      const what =
        meaning.token === id ? 'plain session ids' : 'something that is neither a ticket nor the id of the cookie';
      if (meaning.token !== id) {
        return problem(
          what,
          'The mode `session-id` compares it with the cookie: frameworks that encrypt cookies take tickets.',
        );
      }
      return warning(what, 'Scripts of the page can read them; with php/session-socket.php it gives tickets.');
    }
    if (signed !== undefined && isReply(signed.wrong) && signed.wrong.status === 421) return ok('tickets');
    return notChecked('it takes somebody who is logged in: --cookie');
  },
};

function judgeStatus(wasSaid: boolean): Finding {
  if (wasSaid) return ok('a page that only a logged-in user gets');
  return warning(
    'a page that only a logged-in user gets, and no token: it fits the mode `status` and no other',
    '--mode status says that the stack is deployed so (-c mode=status); in the other modes answer with JSON.',
  );
}
