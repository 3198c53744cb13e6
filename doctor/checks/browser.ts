import { isLoopback } from '../../functions/core/handshake/session-endpoint.ts';
import { type Check, combineFaults, type Fault, notChecked, ok, problem, quote, warning } from '../check.ts';
import type { Answers } from '../collect-answers.ts';
import { cookiesSetBy, isReply, type Reply, readReply, type SetCookie } from '../reply.ts';

const everyReply = ({ strangers, invented, session = [], signed }: Answers): readonly Reply[] =>
  [...strangers, ...invented.answers, ...session, ...(signed === undefined ? [] : [signed.right])].filter(isReply);

const noStore =
  "Send header('Cache-Control: no-store'), in frameworks on the response, and exclude this path from the CDN's cache.";
const cdns = { 'cf-ray': 'Cloudflare', 'x-amz-cf-id': 'CloudFront', 'x-served-by': 'Fastly', 'x-varnish': 'Varnish' };

/** A cached answer would give one user's session to everybody. */
export const cache: Check = {
  name: 'cache',
  question: 'Is the answer protected from caches?',
  judge(answers) {
    const replies = everyReply(answers);
    if (replies.some(isFromCache)) return problem('a cache answered instead of PHP', noStore);
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
      `Cache-Control is ${quote(control) || 'missing'}${tag}: a cache may give one user's answer to others${through}`,
      noStore,
    );
  },
};

function isFromCache({ headers }: Reply): boolean {
  const notes = [headers['x-cache'], headers['cf-cache-status'], headers['x-cache-status']];
  return Number(headers.age ?? 0) > 0 || notes.some((note) => /\bhit\b/i.test(String(note ?? '')));
}

/** CORS headers decide which sites may read the answer: https://fetch.spec.whatwg.org/#cors-protocol-and-credentials */
export const cors: Check = {
  name: 'cors',
  question: 'Is the answer hidden from other sites?',
  judge({ crossSite }) {
    if (!isReply(crossSite)) return notChecked('the request was not answered');
    const { 'access-control-allow-origin': origin, 'access-control-allow-credentials': credentials } =
      crossSite.headers;
    const fix =
      "Allow no other origin: use header_remove('Access-Control-Allow-Origin'), or exclude this path from the CORS settings " +
      'of the framework and of the web server.';
    if (origin === undefined) return ok('no other site may read it');
    const isTheirs = origin === 'https://elsewhere.example';
    if (isTheirs && credentials === 'true') {
      return problem('any site may read it with the cookies of its visitors', fix);
    }
    if (isTheirs || origin === '*') return warning('any site may read it, though without cookies', fix);
    if (origin === 'null') return warning('sandboxed frames of any site may read it', fix);
    return ok('not for any site');
  },
};

export const otherSites: Check = {
  name: 'cross-site',
  question: 'Are requests from other sites rejected?',
  judge({ target: { cookie }, mode, crossSite, session }) {
    if (mode === 'status') return notChecked('the answer is a page, not a token');
    if (cookie === undefined || session === undefined)
      return notChecked('needs --cookie with the cookie of a logged-in user');
    if (!isReply(crossSite)) return notChecked('the request was not answered');
    if (readReply(crossSite).kind !== 'somebody') return ok(`${crossSite.status}`);
    return warning(
      'another site gets a token, although browsers do not let it read the answer',
      "php/session-socket.php rejects such requests. Or answer 403 if $_SERVER['HTTP_SEC_FETCH_SITE'] is set and is neither " +
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
      return notChecked('no answer sets it, which is right; check the cookie of the login yourself');
    }
    return combineFaults(
      faultsOf(cookie, isLoopback(url) && url.protocol === 'http:'),
      'HttpOnly, SameSite and this host only',
    );
  },
};

function faultsOf({ attributes }: SetCookie, mayBePlain: boolean): readonly Fault[] {
  const faults: Fault[] = [];
  const add = (outcome: Fault['outcome'], says: string, fix: string) => faults.push({ outcome, says, fix });
  if (!attributes.has('httponly')) {
    add(
      'problem',
      'without HttpOnly',
      'Set session.cookie_httponly = 1. Otherwise any script in the page can read the session.',
    );
  }
  const sameSite = attributes.get('samesite');
  const isForAll = sameSite?.toLowerCase() === 'none';
  if (!attributes.has('secure') && (!mayBePlain || isForAll)) {
    add(
      'problem',
      'without Secure',
      'Set session.cookie_secure = 1. Otherwise the browser may send the session unencrypted.',
    );
  }
  if (sameSite === undefined || isForAll) {
    const says = isForAll ? 'with SameSite=None' : 'without SameSite';
    add(
      'warning',
      says,
      'Set session.cookie_samesite = Lax. Otherwise other sites can send requests as the logged-in user.',
    );
  }
  const domain = attributes.get('domain');
  if (domain !== undefined && domain !== '') {
    const fix = 'Leave session.cookie_domain empty. Otherwise every subdomain receives the session and can set one.';
    add('warning', `for all of ${quote(domain)}`, fix);
  }
  return faults;
}
