import { namesIn } from '../as-gateway.ts';
import { type Check, notChecked, ok, quote, warning } from '../check.ts';

/** Names by which frameworks log a browser in again after its session has ended. */
const rememberMe =
  /remember|auto_?login|stay_?logged|keep_?(me_?)?logged|persistent_?login|^_?identity$|^_identity|^cookieauth$/i;

/** MediaWiki's token has its session cookie's prefix: `wiki_session`, `wikiToken`. */
const isRememberMe = (name: string, cookieName: string): boolean =>
  name !== cookieName && (rememberMe.test(name) || name === cookieName.replace(/_session$/, 'Token'));

export const sentCookies: Check = {
  name: 'cookies',
  question: 'Which cookies would the gateway send?',
  judge({ patient: { cookie, cookieName }, sent }) {
    if (cookie === undefined || sent === undefined)
      return notChecked('it takes the cookie of somebody who is logged in: --cookie');
    const names = namesIn(sent.cookieHeader).filter((name) => name !== '');
    const remembering = names.filter((name) => isRememberMe(name, cookieName));
    if (remembering.length > 0) {
      return warning(
        `${quote(remembering.join(', '))} would log the user in again after a logout`,
        "Send the session's cookies only, and no remember-me cookie: the gateway's check would begin another session each time.",
      );
    }
    const all = quote(names.join(', '));
    if (names.length === 0)
      return warning('none of those in --cookie', '--cookies has the names that the stack passes on.');
    return ok(sent.isCertain ? all : `${all}; --key and --app-id show whether PHP seals more`);
  },
};

const words = ['none', 'one', 'two', 'three', 'four', 'five'];
const inWords = (count: number) => words[count] ?? String(count);

/** `one of the two cookies (PHPSESSID)`; undefined where it is all of them. */
export function describePart(cookie: string, sentHeader: string): string | undefined {
  const [all, sent] = [namesIn(cookie), namesIn(sentHeader).filter((name) => name !== '')];
  if (sent.length >= all.length) return undefined;
  const which = sent.length === 0 ? '' : ` (${quote(sent.join(', '))})`;
  return `${inWords(sent.length)} of the ${inWords(all.length)} cookies${which}`;
}
