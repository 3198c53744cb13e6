import { judgeAnswer } from '../../functions/core/handshake/session-answer.ts';
import { isLoopback } from '../../functions/core/handshake/session-endpoint.ts';
import { SessionCheckFailed } from '../../functions/core/handshake/session-lookup.ts';
import { tooLate } from '../ask.ts';
import { type Check, type Finding, ok, problem, quote, warning } from '../check.ts';
import type { Answers } from '../interview.ts';
import { isRedirect, isReply, type Reply, readReply } from '../reply.ts';

/** Why there was no answer, and what helps. */
export function describeFailure(failure: string): Finding {
  if (failure === tooLate) {
    return problem(
      'no answer in time',
      'Is the page slow, or is a firewall in between? The gateway gives up even sooner.',
    );
  }
  if (/^(ENOTFOUND|EAI_AGAIN)$/.test(failure)) {
    return problem(`its host has no address (${failure})`, 'Look for a typing error, or for the DNS entry.');
  }
  if (/CERT|SELF_SIGNED|UNABLE_TO|^ERR_(TLS|SSL)|^EPROTO$/.test(failure)) {
    return problem(
      `its certificate or its TLS is not accepted (${quote(failure)})`,
      'The gateway refuses it too: install a certificate of a public authority for this host, with its whole chain.',
    );
  }
  if (failure.startsWith('HPE_')) {
    return problem(`what it answers is not HTTP (${quote(failure)})`, 'Is that the port of the web server?');
  }
  return problem(`no answer (${quote(failure)})`, 'Is the web server running, and may one reach it from outside?');
}

export const reachable: Check = {
  name: 'reachable',
  question: 'Does the URL answer?',
  judge({ strangers, invented, crossSite, session = [], signed }) {
    const signedAnswers = signed === undefined ? [] : [signed.right, signed.wrong, signed.old];
    const all = [...strangers, ...invented.answers, crossSite, ...session, ...signedAnswers];
    const failures = all.flatMap((each) => (isReply(each) ? [] : [each.failure]));
    if (failures.length === 0) return ok('every question was answered');
    return warning(
      `${failures.length} of ${all.length} questions were not answered (${quote([...new Set(failures)].join(', '))})`,
      'A person whose question is not answered cannot connect: look into the error logs of PHP and of the web server.',
    );
  },
};

export const encrypted: Check = {
  name: 'https',
  question: 'Does the session travel encrypted?',
  judge({ target: { url } }) {
    if (url.protocol === 'https:') return ok('encrypted, with a certificate that is accepted');
    if (isLoopback(url)) return ok('not encrypted, which is allowed on this machine only');
    return problem(
      'not encrypted: nothing was asked with a cookie or a signature',
      'Session ids travel to this URL: give it https. The gateway refuses to be deployed with http.',
    );
  },
};

export const redirect: Check = {
  name: 'redirect',
  question: 'Does it answer by itself, without a redirect?',
  judge({ mode, strangers: [{ status, headers }] }) {
    if (!isRedirect(status)) return ok('none');
    const where = placeOf(headers.location);
    if (status === 301 || status === 308) {
      return problem(`${status}, moved to ${where}`, 'Redirects are not followed: give the gateway the final URL.');
    }
    if (mode === 'status') return ok(`${status} to ${where} for who is not logged in, which is a no`);
    return warning(
      `${status} to ${where} for who is not logged in`,
      "In mode `ticket` that is no answer: handshakes fail with 500 and an alarm. In the other modes it is a no, but the page's " +
        'fetch() follows it and gets HTML. Answer 403 with JSON instead.',
    );
  },
};

/** Without the query, which may hold a session id. */
function placeOf(location = ''): string {
  return quote(location.split(/[?#;]/)[0] ?? '') || 'nowhere';
}

const servers = 'docs/web-servers.md has the lines for php -S, nginx and Apache.';

/** What is wrong before PHP is asked anything: then nothing else can be said of the route. */
export function findOther({ target, mode, strangers, invented, session = [] }: Answers): Finding | undefined {
  const all = [...strangers, ...invented.answers, ...session].filter(isReply);
  if (all.some((reply) => reply.status === 200 && readReply(reply).kind === 'source')) {
    return problem(
      'the web server sends the PHP source instead of running it',
      'Anybody can read it: take the file away now, and change every password and secret in it.',
      `In nginx, try_files $uri $uri.php does this. ${servers}`,
    );
  }
  const doubt = doubtOf(target.url, strangers[0]);
  if (doubt !== undefined) return describeDoubt(doubt, strangers[0], target.authorization !== undefined);
  const isPage = all.every((reply) => reply.status === 200 && readReply(reply).kind === 'html');
  if (mode === 'status' || !isPage) return undefined;
  return problem(
    'this is another page of your app: the route does not reach the file',
    `The web server answers ${target.url.pathname} with its fallback, such as index.php. ${servers}`,
    'If it is a login form: answer 403 with JSON instead, and let no firewall of the framework or plug-in come before the route.',
  );
}

/** Why the gateway would not believe this no; by the gateway's own function, as for an app that does not sign. */
function doubtOf(endpoint: URL, reply: Reply): string | undefined {
  try {
    judgeAnswer({ mode: 'cookie', endpoint, isSignedNo: () => false }, reply);
  } catch (error) {
    if (error instanceof SessionCheckFailed) return error.inFront ? error.reason : undefined;
    throw error;
  }
  return undefined;
}

function describeDoubt(doubt: string, { status, headers }: Reply, hasAuthorization: boolean): Finding {
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
    const { target, crossSite, session = [], invented, signed, strangers } = answers;
    const other = findOther(answers);
    if (other !== undefined) return other;
    const more = [...strangers, ...invented.answers, ...session, crossSite, signed?.right, signed?.nobody];
    for (const reply of more.filter((each) => each !== undefined).filter(isReply)) {
      const doubt = doubtOf(target.url, reply);
      if (doubt !== undefined) return describeDoubt(doubt, reply, target.authorization !== undefined);
    }
    return ok('nothing in front of it did');
  },
};
