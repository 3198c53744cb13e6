import { isLoopback } from '../../../functions/core/handshake/session-endpoint.ts';
import { isReply, tooLate } from '../ask.ts';
import { type Check, type Finding, notChecked, ok, problem, quote, warning } from '../check.ts';
import { isRedirect, read } from '../said.ts';

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
  judge({ patient: { url } }) {
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

export const stranger: Check = {
  name: 'stranger',
  question: 'Is somebody without a session told so?',
  judge({ mode, strangers: [reply] }) {
    const said = read(reply, mode);
    if (said.kind === 'nobody' && said.how === 'status') return ok(`${reply.status} without a session`);
    if (said.kind === 'redirect') return notChecked('it is answered by a redirect');
    if (said.kind === 'nobody') {
      return warning(
        '200 without a session, though with nobody in it',
        'It works, but in the mode `status` it lets everybody in: http_response_code(403) says it plainly.',
      );
    }
    if (said.kind === 'somebody' && mode === 'status') {
      return problem(
        '200 without a session: in the mode `status` everybody gets in',
        'Name a page that answers 403, or redirects to the login, when nobody is logged in.',
      );
    }
    if (said.kind === 'somebody') {
      return problem(
        '200 with a token, and nobody is logged in',
        'Ask who is logged in, not which session it is: answer 403 unless what your login puts into $_SESSION is there.',
      );
    }
    if (said.kind === 'html') {
      return problem(
        '200 with an HTML page, such as a login form',
        'To the gateway that is no answer: handshakes fail with 500 and an alarm. Answer 403 with JSON, and let no login ' +
          'page come in between (a firewall of the framework, or a plug-in).',
      );
    }
    if (said.kind === 'not json') {
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
