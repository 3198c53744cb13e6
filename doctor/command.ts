import { text } from 'node:stream/consumers';
import { findHandshakeOptionsFault, sessionModes } from '../functions/core/handshake/handshake-options.ts';
import { readChoice, readOptionsAndWords, UsageError } from '../local/command/arguments.ts';
import { createPaint, wantsColour } from '../local/command/terminal.ts';
import { createAsker } from './ask.ts';
import { examine } from './examine.ts';
import { createRedaction, hasProblem, report, reportJson } from './report.ts';
import { findCookie, nameOf, type Target } from './target.ts';

/** For one question; the questions come in few rounds, so that the whole ends within two minutes whatever happens. */
const questionMs = 10_000;

/** `session-socket doctor`. @returns the exit code: 1 when there is a problem */
export async function runDoctor(args: readonly string[]): Promise<number> {
  const readInput = () => text(process.stdin);
  const options = await readDoctorOptions(args, { environment: process.env, readInput });
  if (options === 'help') {
    console.log(doctorUsage);
    return 0;
  }
  const { target, isJson } = options;
  const asker = createAsker(questionMs);
  try {
    const results = await examine(target, asker.ask);
    const redact = createRedaction(target);
    const paint = createPaint(wantsColour(process.stdout, process.env));
    const name = nameOf(target.url);
    console.log(redact(isJson ? reportJson(name, results) : report(name, results, paint)));
    return hasProblem(results) ? 1 : 0;
  } finally {
    asker.close();
  }
}

export const doctorUsage = `Asks a running PHP app what the gateway will ask it, and says what is wrong and how to mend it.

  session-socket doctor URL [options]

  URL                  the session endpoint, such as https://app.example.com/getSessionID
  --cookie COOKIE      the cookie of somebody who is logged in, 'PHPSESSID=…'; - reads it from the standard input
  --cookie-name NAME   the session cookie        (default the one of --cookie, or PHPSESSID)
  --slow-url URL       a page of the same site that works for some seconds with that cookie's session
  --mode MODE          as the stack is deployed: ticket, cookie, session-id or status (default: what the answers look like)
  --cookies NAMES      in mode cookie, the option cookies of the stack  (default the session cookie)
  --key KEY            the stack's output Key; its secret comes from the environment
  --app-id ID          the stack's output AppId: with --key, it shows which cookies PHP has sealed for the gateway
  --timeout-ms N       how long the gateway waits for PHP, sessionTimeoutMs  (default 2500)
  --json               prints the same for programs
  --help               this text

What others must not see is better not typed, because shells and lists of processes remember it:

  SESSION_SOCKET_COOKIE  the cookie
  SESSION_SOCKET_SECRET  the secret
  SESSION_SOCKET_AUTHORIZATION  the Authorization header of a site behind HTTP Basic, 'Basic …'

Ends with 0 when there is no problem, with 1 when there is one, with 2 when the command makes no sense.
`;

export interface DoctorOptions {
  readonly target: Target;
  readonly isJson: boolean;
}

export interface Surroundings {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** All of the standard input. */
  readInput(): Promise<string>;
}

/** A name is a token, a value has neither spaces nor quotes: https://www.rfc-editor.org/rfc/rfc6265#section-4.1.1 */
const cookieForm =
  /^[!#$%&'*+.^_`|~0-9A-Za-z-]+=[\x21-\x3a\x3c-\x7e]*(; ?[!#$%&'*+.^_`|~0-9A-Za-z-]+=[\x21-\x3a\x3c-\x7e]*)*$/;
const nameForm = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/;

/** No sentence repeats what was typed: it may be a cookie in the wrong place. @throws {UsageError} */
export async function readDoctorOptions(
  args: readonly string[],
  { environment, readInput }: Surroundings,
): Promise<DoctorOptions | 'help'> {
  const { values, words } = readOptionsAndWords(args, {
    cookie: { type: 'string' },
    'cookie-name': { type: 'string' },
    'slow-url': { type: 'string' },
    mode: { type: 'string' },
    cookies: { type: 'string' },
    key: { type: 'string' },
    'app-id': { type: 'string' },
    'timeout-ms': { type: 'string', default: '2500' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  });
  if (values.help) return 'help';
  const [word, ...more] = words;
  if (word === undefined || more.length > 0) {
    throw new UsageError('Say one URL: session-socket doctor https://app.example.com/getSessionID');
  }
  const url = readUrl('The URL', word);
  const slowUrl = values['slow-url'] === undefined ? undefined : readUrl('--slow-url', values['slow-url']);
  if (slowUrl !== undefined && slowUrl.origin !== url.origin) {
    throw new UsageError('--slow-url is a page of the same site, because the cookie is sent to it.');
  }
  const typed = values.cookie === '-' ? await readInput() : (values.cookie ?? environment['SESSION_SOCKET_COOKIE']);
  const cookie = readCookie(typed);
  const mode = values.mode === undefined ? undefined : readChoice('--mode', sessionModes, values.mode);
  if (values.cookies !== undefined && mode !== 'cookie') throw new UsageError('--cookies goes with --mode cookie.');
  const cookies = values.cookies?.split(',').map((name) => name.trim());
  const named = values['cookie-name'];
  // What mode `cookie` passes on need not hold PHPSESSID.
  const exact = cookies?.find(
    (name) => !name.endsWith('*') && cookie !== undefined && findCookie(cookie, name) !== undefined,
  );
  const cookieName = readCookieName(named ?? exact, cookie);
  const cookiesFault = cookies && findHandshakeOptionsFault({ mode, cookies });
  if (cookiesFault !== undefined) throw new UsageError('--cookies names cookies, with a * at the end only.');
  return {
    target: {
      ...{ url, slowUrl, cookie },
      ...{ mode, cookieName, cookies },
      keys: readKeys(values.key, environment['SESSION_SOCKET_SECRET'], values['app-id']),
      authorization: readAuthorization(environment['SESSION_SOCKET_AUTHORIZATION']),
      sessionTimeoutMs: readTimeout(values['timeout-ms']),
    },
    isJson: values.json,
  };
}

function readUrl(what: string, text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol)) {
    throw new UsageError(`${what} is absolute, such as https://app.example.com/getSessionID.`);
  }
  if (url.username !== '' || url.password !== '') throw new UsageError(`${what} carries no user or password.`);
  if (url.hash !== '') throw new UsageError(`${what} carries no fragment.`);
  return url;
}

function readCookie(typed: string | undefined): string | undefined {
  const cookie = typed?.trim().replace(/^cookie:\s*/i, '');
  if (cookie === undefined || cookie === '') return undefined;
  if (cookieForm.test(cookie)) return cookie;
  throw new UsageError("A cookie is like 'PHPSESSID=…': its name, = and its value, several with a semicolon.");
}

/** The one that was named; of one cookie its own name; else PHP's. @throws {UsageError} */
function readCookieName(named: string | undefined, cookie: string | undefined): string {
  if (named !== undefined && !nameForm.test(named)) throw new UsageError('--cookie-name is like PHPSESSID.');
  const only = cookie !== undefined && !cookie.includes(';') ? cookie.split('=')[0] : undefined;
  const name = named ?? only ?? 'PHPSESSID';
  if (cookie === undefined || findCookie(cookie, name) !== undefined) return name;
  throw new UsageError('The session cookie is not in --cookie: --cookie-name says which one it is.');
}

function readKeys(key: string | undefined, secret: string | undefined, appId: string | undefined): Target['keys'] {
  if (appId !== undefined && (key === undefined || !/^[A-Za-z0-9_-]{1,64}$/.test(appId))) {
    throw new UsageError("--app-id goes with --key, and is the stack's output AppId.");
  }
  if (key === undefined) return undefined;
  if (!/^[A-Za-z0-9_-]{1,32}$/.test(key))
    throw new UsageError("--key is 1 to 32 of A-Z a-z 0-9 _ -: the stack's output Key.");
  if (secret === undefined || secret === '') {
    throw new UsageError('--key takes the secret too, in the environment variable SESSION_SOCKET_SECRET.');
  }
  return { key, secret, appId };
}

/** A scheme and what follows it: https://www.rfc-editor.org/rfc/rfc9110#section-11.4 */
function readAuthorization(header: string | undefined): string | undefined {
  if (header === undefined || header === '') return undefined;
  if (/^[\w-]+ [!-~][ -~]*$/.test(header)) return header;
  throw new UsageError("SESSION_SOCKET_AUTHORIZATION is a header's value, such as 'Basic …'.");
}

function readTimeout(text: string): number {
  const ms = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (ms >= 100 && ms <= 20_000) return ms;
  throw new UsageError('--timeout-ms is a number from 100 to 20000.');
}
