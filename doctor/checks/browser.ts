import { isLoopback } from '../../functions/core/handshake/session-endpoint.ts';
import { type Check, type Fault, notChecked, ok, problem, quote, warning, weigh } from '../check.ts';
import type { Answers } from '../interview.ts';
import { cookiesSetBy, isReply, type Reply, readReply, type SetCookie } from '../reply.ts';

const everyReply = ({ strangers, invented, session = [], signed }: Answers): readonly Reply[] =>
  [...strangers, ...invented.answers, ...session, ...(signed === undefined ? [] : [signed.right])].filter(isReply);

const noStore = "header('Cache-Control: no-store'), in frameworks on the response; and except this path in the CDN.";
const cdns = { 'cf-ray': 'Cloudflare', 'x-amz-cf-id': 'CloudFront', 'x-served-by': 'Fastly', 'x-varnish': 'Varnish' };

/** An answer that a cache keeps is given to everybody. */
export const cache: Check = {
  name: 'cache',
  question: 'Is the answer kept by no cache?',
  judge(answers) {
    const replies = everyReply(answers);
    if (replies.some(isFromCache)) return problem('a cache answered in the place of PHP', noStore);
    const cdn = Object.entries(cdns).find(([header]) => replies.some(({ headers }) => header in headers))?.[1];
    const through = cdn === undefined ? '' : `, and it comes through ${cdn}`;
    const weak = replies.find(({ headers }) => !/\bno-store\b/i.test(headers['cache-control'] ?? ''));
    if (weak === undefined) return ok(`no-store${through}`);
    const control = weak.headers['cache-control'] ?? '';
    const tag = weak.headers.etag === undefined ? '' : ', with an ETag';
    if (/\b(private|no-cache)\b/i.test(control)) {
      return warning(`Cache-Control is ${quote(control)}${tag}, which is not no-store${through}`, noStore);
    }
    return problem(
      `Cache-Control is ${quote(control) || 'missing'}${tag}: a cache may give one person's answer to all${through}`,
      noStore,
    );
  },
};

function isFromCache({ headers }: Reply): boolean {
  const notes = [headers['x-cache'], headers['cf-cache-status'], headers['x-cache-status']];
  return Number(headers.age ?? 0) > 0 || notes.some((note) => /\bhit\b/i.test(String(note ?? '')));
}

/** Which pages of other sites may read the answer: https://fetch.spec.whatwg.org/#cors-protocol-and-credentials */
export const cors: Check = {
  name: 'cors',
  question: 'Is the answer kept from the pages of other sites?',
  judge({ crossSite }) {
    if (!isReply(crossSite)) return notChecked('the question was not answered');
    const { 'access-control-allow-origin': origin, 'access-control-allow-credentials': credentials } =
      crossSite.headers;
    const mend =
      "Allow no other origin here: header_remove('Access-Control-Allow-Origin'), or except this path in the CORS settings " +
      'of the framework and of the web server.';
    if (origin === undefined) return ok('no other site may read it');
    const isTheirs = origin === 'https://elsewhere.example';
    if (isTheirs && credentials === 'true') {
      return problem('any site may read it with the cookies of its visitors', mend);
    }
    if (isTheirs || origin === '*') return warning('any site may read it, though without cookies', mend);
    if (origin === 'null') return warning('sandboxed frames of any site may read it', mend);
    return ok('not for any site');
  },
};

export const otherSites: Check = {
  name: 'cross-site',
  question: 'Is the page of another site refused?',
  judge({ target: { cookie }, mode, crossSite, session }) {
    if (mode === 'status') return notChecked('the answer is a page, and no token');
    if (cookie === undefined || session === undefined)
      return notChecked('it takes somebody who is logged in: --cookie');
    if (!isReply(crossSite)) return notChecked('the question was not answered');
    if (readReply(crossSite).kind !== 'somebody') return ok(`${crossSite.status}`);
    return warning(
      'it is given a token, though browsers keep it from reading that',
      "php/session-socket.php refuses it; or answer 403 when $_SERVER['HTTP_SEC_FETCH_SITE'] is there and neither " +
        'same-origin nor none.',
    );
  },
};

export const cookieAttributes: Check = {
  name: 'cookie',
  question: 'Is the session cookie well protected?',
  judge({ target: { cookieName, url }, strangers, invented, session = [] }) {
    const replies = [...strangers, ...invented.answers, ...session].filter(isReply);
    const cookie = cookiesSetBy(replies).find(({ name, value }) => name === cookieName && value !== '');
    if (cookie === undefined) {
      return notChecked('no answer sets it, which is right; look yourself at what the login sets');
    }
    return weigh(
      faultsOf(cookie, isLoopback(url) && url.protocol === 'http:'),
      'HttpOnly, SameSite and this host only',
    );
  },
};

function faultsOf({ attributes }: SetCookie, mayBePlain: boolean): readonly Fault[] {
  const faults: Fault[] = [];
  const add = (outcome: Fault['outcome'], says: string, mend: string) => faults.push({ outcome, says, mend });
  if (!attributes.has('httponly')) {
    add(
      'problem',
      'without HttpOnly',
      'session.cookie_httponly = 1: else any script in the page can read the session.',
    );
  }
  const sameSite = attributes.get('samesite');
  const isForAll = sameSite?.toLowerCase() === 'none';
  if (!attributes.has('secure') && (!mayBePlain || isForAll)) {
    add('problem', 'without Secure', 'session.cookie_secure = 1: else the session travels in the clear one day.');
  }
  if (sameSite === undefined || isForAll) {
    const says = isForAll ? 'with SameSite=None' : 'without SameSite';
    add('warning', says, 'session.cookie_samesite = Lax: else other sites can act for whoever is logged in.');
  }
  const domain = attributes.get('domain');
  if (domain !== undefined && domain !== '') {
    const mend = 'session.cookie_domain empty: else every host below it gets the session, and can set one.';
    add('warning', `for all of ${quote(domain)}`, mend);
  }
  return faults;
}
