import { judgeAnswer } from '../../../functions/core/handshake/session-answer.ts';
import { SessionCheckFailed } from '../../../functions/core/handshake/session-lookup.ts';
import { isReply, type Reply } from '../ask.ts';
import { type Check, type Finding, notChecked, ok, problem } from '../check.ts';
import type { Answers } from '../interview.ts';
import { isRedirect, read } from '../said.ts';

const servers = 'docs/web-servers.md has the lines for php -S, nginx and Apache.';

/** What is wrong before PHP is asked anything: then nothing else can be said of the route. */
export function findOther({ patient, mode, strangers, invented, session = [] }: Answers): Finding | undefined {
  const all = [...strangers, ...invented.answers, ...session].filter(isReply);
  if (all.some((reply) => reply.status === 200 && read(reply).kind === 'source')) {
    return problem(
      'the web server sends the PHP source instead of running it',
      'Anybody can read it: take the file away now, and change every password and secret in it.',
      `In nginx, try_files $uri $uri.php does this. ${servers}`,
    );
  }
  const doubt = doubtOf(patient.url, strangers[0]);
  if (doubt !== undefined) return describeDoubt(doubt, strangers[0], patient.authorization !== undefined);
  const isPage = all.every((reply) => reply.status === 200 && read(reply).kind === 'html');
  if (mode === 'status' || !isPage) return undefined;
  return problem(
    'this is another page of your app: the route does not reach the file',
    `The web server answers ${patient.url.pathname} with its fallback, such as index.php. ${servers}`,
    'If it is a login form: answer 403 with JSON instead, and let no firewall of the framework or plug-in come before the route.',
  );
}

/** Why the gateway would not believe this no; by the gateway's own function, as for an app that does not sign. */
export function doubtOf(endpoint: URL, reply: Reply): string | undefined {
  try {
    judgeAnswer({ mode: 'cookie', endpoint, isSignedNo: () => false }, reply);
  } catch (error) {
    if (error instanceof SessionCheckFailed) return error.inFront ? error.reason : undefined;
    throw error;
  }
  return undefined;
}

export function describeDoubt(doubt: string, { status, headers }: Reply, hasAuthorization: boolean): Finding {
  const says = `something in front of PHP answered: ${doubt}`;
  if (status === 401 && headers['www-authenticate'] !== undefined) {
    const mend = hasAuthorization
      ? 'SESSION_SOCKET_AUTHORIZATION is not what the site asks for: base64 of user:password, after Basic.'
      : "The site is behind a password: put the header into the stack's secret, and into SESSION_SOCKET_AUTHORIZATION for the doctor (docs/operations.md).";
    return problem(says, mend);
  }
  if (isRedirect(status)) {
    return problem(
      says,
      'The gateway follows no redirect: name the final URL as sessionEndpoint, or end the maintenance. Until then handshakes fail with 500.',
    );
  }
  return problem(
    says,
    'A firewall or CDN takes the gateway for a robot: let this path pass where X-Session-Socket is sent. Until then handshakes fail with 500.',
  );
}

/** Not judged by its answers alone: `examine` leaves out the other checks where this one finds something. */
export const inFront: Check = {
  name: 'in front',
  question: 'Does the route itself answer?',
  judge(answers) {
    const { patient, crossSite, session = [], invented, signed, strangers } = answers;
    const other = findOther(answers);
    if (other !== undefined) return other;
    const more = [...strangers, ...invented.answers, ...session, crossSite, signed?.right, signed?.nobody];
    for (const reply of more.filter((each) => each !== undefined).filter(isReply)) {
      const doubt = doubtOf(patient.url, reply);
      if (doubt !== undefined) return describeDoubt(doubt, reply, patient.authorization !== undefined);
    }
    return ok('nothing in front of it did');
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
