import { isLoopback } from '../../../functions/core/handshake/session-endpoint.ts';
import { isReply } from '../ask.ts';
import { type Check, type Fault, notChecked, quote, weigh } from '../check.ts';
import { cookiesSetBy, type SetCookie } from '../set-cookie.ts';

export const cookieAttributes: Check = {
  name: 'cookie',
  question: 'Is the session cookie well protected?',
  judge({ patient: { cookieName, url }, strangers, invented, session = [] }) {
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
