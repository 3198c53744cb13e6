import { SessionCheckFailed } from '../../functions/core/handshake/session.ts';
import { judgeAnswer } from '../../functions/core/handshake/session-answer.ts';
import { isLoopback } from '../../functions/core/handshake/session-endpoint.ts';
import { timedOut } from '../ask.ts';
import { type Check, type Finding, ok, problem, quote, warning } from '../check.ts';
import type { Answers } from '../collect-answers.ts';
import { isRedirect, isReply, type Reply, readReply } from '../reply.ts';

/** Explains a missing answer and how to fix it. */
export function describeFailure(failure: string): Finding {
  if (failure === timedOut) {
    return problem(
      'no answer in time',
      'Check whether the page is slow or a firewall blocks it. The gateway times out even sooner.',
    );
  }
  if (/^(ENOTFOUND|EAI_AGAIN)$/.test(failure)) {
    return problem(`the host has no address (${failure})`, 'Check the spelling and the DNS entry.');
  }
  if (/CERT|SELF_SIGNED|UNABLE_TO|^ERR_(TLS|SSL)|^EPROTO$/.test(failure)) {
    return problem(
      `the TLS certificate or connection is not valid (${quote(failure)})`,
      'The gateway rejects it too. Install a certificate from a public authority for this host, with the full chain.',
    );
  }
  if (failure.startsWith('HPE_')) {
    return problem(`the answer is not HTTP (${quote(failure)})`, 'Check that this is the port of the web server.');
  }
  return problem(`no answer (${quote(failure)})`, 'Check that the web server is running and reachable from outside.');
}

export const reachable: Check = {
  name: 'reachable',
  question: 'Does the URL answer?',
  judge({ strangers, invented, crossSite, session = [], signed }) {
    const signedAnswers = signed === undefined ? [] : [signed.right, signed.wrong, signed.old];
    const all = [...strangers, ...invented.answers, crossSite, ...session, ...signedAnswers];
    const failures = all.flatMap((each) => (isReply(each) ? [] : [each.failure]));
    if (failures.length === 0) return ok('every request was answered');
    return warning(
      `${failures.length} of ${all.length} requests were not answered (${quote([...new Set(failures)].join(', '))})`,
      'Without an answer a user cannot connect. Check the error logs of PHP and of the web server.',
    );
  },
};

export const encrypted: Check = {
  name: 'https',
  question: 'Is the connection encrypted?',
  judge({ target: { url } }) {
    if (url.protocol === 'https:') return ok('encrypted, with a valid certificate');
    if (isLoopback(url)) return ok('not encrypted, which is allowed on this machine only');
    return problem(
      'not encrypted, so no cookie or signature was sent',
      'The gateway sends session ids to this URL. Use https: http cannot be deployed.',
    );
  },
};

export const redirect: Check = {
  name: 'redirect',
  question: 'Does the URL answer without a redirect?',
  judge({ mode, strangers: [{ status, headers }] }) {
    if (!isRedirect(status)) return ok('none');
    const where = placeOf(headers.location);
    if (status === 301 || status === 308) {
      return problem(`${status}, moved to ${where}`, 'The gateway does not follow redirects. Use the final URL.');
    }
    if (mode === 'status') return ok(`${status} to ${where} without a login, which counts as a rejection`);
    return warning(
      `${status} to ${where} without a login`,
      "In mode `ticket` handshakes then fail with 500 and an alarm. In the other modes it counts as a rejection, but the page's " +
        'fetch() follows it and gets HTML. Answer 403 with JSON instead.',
    );
  },
};

/** Omits the query, which may hold a session id. */
function placeOf(location = ''): string {
  return quote(location.split(/[?#;]/)[0] ?? '') || 'nowhere';
}

const servers = 'See docs/web-servers.md for php -S, nginx and Apache.';

/** Finds an answer that did not come from the route. Then no other check can judge the route. */
export function findForeignAnswer({ target, mode, strangers, invented, session = [] }: Answers): Finding | undefined {
  const all = [...strangers, ...invented.answers, ...session].filter(isReply);
  if (all.some((reply) => reply.status === 200 && readReply(reply).kind === 'source')) {
    return problem(
      'the web server sends the PHP source instead of running it',
      'Anybody can read it. Remove the file now, and change every password and secret in it.',
      `In nginx, try_files $uri $uri.php causes this. ${servers}`,
    );
  }
  const doubt = doubtAbout(target.url, strangers[0]);
  if (doubt !== undefined) return describeDoubt(doubt, strangers[0], target.authorization !== undefined);
  const isPage = all.every((reply) => reply.status === 200 && readReply(reply).kind === 'html');
  if (mode === 'status' || !isPage) return undefined;
  return problem(
    'another page of your app answers: the route does not reach the file',
    `The web server answers ${target.url.pathname} with its fallback, such as index.php. ${servers}`,
    "If it is a login form, answer 403 with JSON instead, and exclude the route from the framework's firewall and from plug-ins.",
  );
}

/** Why the gateway would not accept this rejection. Uses the gateway's own function, as for an app that does not sign. */
function doubtAbout(endpoint: URL, reply: Reply): string | undefined {
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
    const fix = hasAuthorization
      ? 'The site rejects SESSION_SOCKET_AUTHORIZATION. It must be Basic and the base64 of user:password.'
      : "The site needs a password. Put the header into the stack's secret, and into SESSION_SOCKET_AUTHORIZATION for the doctor (docs/operations.md).";
    return problem(says, fix);
  }
  if (isRedirect(status)) {
    return problem(
      says,
      'The gateway does not follow redirects. Use the final URL as sessionEndpoint, or end the maintenance. Until then handshakes fail with 500.',
    );
  }
  return problem(
    says,
    'A firewall or CDN treats the gateway as a bot. Allow this path for requests with X-Session-Socket. Until then handshakes fail with 500.',
  );
}

/** If this check finds a problem, `examine` skips most other checks. */
export const inFront: Check = {
  name: 'in front',
  question: 'Does the route itself answer?',
  judge(answers) {
    const { target, crossSite, session = [], invented, signed, strangers } = answers;
    const other = findForeignAnswer(answers);
    if (other !== undefined) return other;
    const more = [...strangers, ...invented.answers, ...session, crossSite, signed?.right, signed?.nobody];
    for (const reply of more.filter((each) => each !== undefined).filter(isReply)) {
      const doubt = doubtAbout(target.url, reply);
      if (doubt !== undefined) return describeDoubt(doubt, reply, target.authorization !== undefined);
    }
    return ok('yes, nothing in front of it');
  },
};
