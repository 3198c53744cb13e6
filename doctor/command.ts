import { text } from 'node:stream/consumers';
import { findHandshakeOptionsFault, sessionModes } from '../functions/core/handshake/handshake-options.ts';
import { readChoice, readOptionsAndWords, UsageError } from '../local/command/arguments.ts';
import { createPaint, wantsColour } from '../local/command/terminal.ts';
import { createAsker } from './ask.ts';
import { examine } from './examine.ts';
import { createRedaction, hasProblem, report, reportJson } from './report.ts';
import { findCookie, nameOf, type Target } from './target.ts';

/** The timeout of one request. Requests run in a few rounds, so that the command always ends within two minutes. */
const questionMs = 10_000;

/** `session-socket doctor`. @returns the exit code: 1 if a check finds a problem */
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

const doctorUsage = `Sends a running PHP app the requests of the gateway, and prints what is wrong and how to fix it.

  session-socket doctor URL [options]

  URL                  the session endpoint, such as https://app.example.com/getSessionID
  --cookie COOKIE      the cookie of a logged-in user, 'PHPSESSID=…'; - reads it from the standard input
  --cookie-name NAME   the session cookie        (default the one of --cookie, or PHPSESSID)
  --slow-url URL       a page of the same site that takes some seconds and uses that session
  --mode MODE          the stack's mode: ticket, cookie, session-id or status (default: guessed from the answers)
  --cookies NAMES      in mode cookie, the stack's option cookies  (default the session cookie)
  --key KEY            the stack's output Key; the secret comes from the environment
  --app-id ID          the stack's output AppId; with --key, shows which cookies PHP sealed for the gateway
  --timeout-ms N       how long the gateway waits for PHP, sessionTimeoutMs  (default 2500)
  --json               prints JSON for programs
  --help               this text

Shell histories and process lists show what you type. Pass secrets in the environment instead:

  SESSION_SOCKET_COOKIE  the cookie
  SESSION_SOCKET_SECRET  the secret
  SESSION_SOCKET_AUTHORIZATION  the Authorization header of a site behind HTTP Basic, 'Basic …'

Exit codes: 0 no problem, 1 a problem, 2 invalid options.
`;

export interface DoctorOptions {
  readonly target: Target;
  readonly isJson: boolean;
}

export interface CommandInput {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Reads the whole standard input. */
  readInput(): Promise<string>;
}

/** A name is a token, a value has neither spaces nor quotes: https://www.rfc-editor.org/rfc/rfc6265#section-4.1.1 */
const cookieForm =
  /^[!#$%&'*+.^_`|~0-9A-Za-z-]+=[\x21-\x3a\x3c-\x7e]*(; ?[!#$%&'*+.^_`|~0-9A-Za-z-]+=[\x21-\x3a\x3c-\x7e]*)*$/;
const nameForm = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/;

/** Errors never repeat an argument, because it may be a cookie in the wrong place. @throws {UsageError} */
export async function readDoctorOptions(
  args: readonly string[],
  { environment, readInput }: CommandInput,
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
    throw new UsageError('Pass exactly one URL: session-socket doctor https://app.example.com/getSessionID');
  }
  const url = readUrl('The URL', word);
  const slowUrl = values['slow-url'] === undefined ? undefined : readUrl('--slow-url', values['slow-url']);
  if (slowUrl !== undefined && slowUrl.origin !== url.origin) {
    throw new UsageError('--slow-url must be on the same site, because the doctor sends the cookie to it.');
  }
  const typed = values.cookie === '-' ? await readInput() : (values.cookie ?? environment['SESSION_SOCKET_COOKIE']);
  const cookie = readCookie(typed);
  const mode = values.mode === undefined ? undefined : readChoice('--mode', sessionModes, values.mode);
  if (values.cookies !== undefined && mode !== 'cookie')
    throw new UsageError('--cookies works only with --mode cookie.');
  const cookies = values.cookies?.split(',').map((name) => name.trim());
  const named = values['cookie-name'];
  // In mode `cookie` the list need not contain PHPSESSID.
  const exact = cookies?.find(
    (name) => !name.endsWith('*') && cookie !== undefined && findCookie(cookie, name) !== undefined,
  );
  const cookieName = readCookieName(named ?? exact, cookie);
  const cookiesFault = cookies && findHandshakeOptionsFault({ mode, cookies });
  if (cookiesFault !== undefined) throw new UsageError('--cookies must be cookie names, with * only at the end.');
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
    throw new UsageError(`${what} must be an absolute URL, such as https://app.example.com/getSessionID.`);
  }
  if (url.username !== '' || url.password !== '') throw new UsageError(`${what} must not contain a user or password.`);
  if (url.hash !== '') throw new UsageError(`${what} must not contain a fragment.`);
  return url;
}

function readCookie(typed: string | undefined): string | undefined {
  const cookie = typed?.trim().replace(/^cookie:\s*/i, '');
  if (cookie === undefined || cookie === '') return undefined;
  if (cookieForm.test(cookie)) return cookie;
  throw new UsageError("A cookie must look like 'PHPSESSID=…': name, = and value. Separate several with semicolons.");
}

/** The given name; the name of the only cookie; or PHP's default. @throws {UsageError} */
function readCookieName(named: string | undefined, cookie: string | undefined): string {
  if (named !== undefined && !nameForm.test(named))
    throw new UsageError('--cookie-name must be a cookie name such as PHPSESSID.');
  const only = cookie !== undefined && !cookie.includes(';') ? cookie.split('=')[0] : undefined;
  const name = named ?? only ?? 'PHPSESSID';
  if (cookie === undefined || findCookie(cookie, name) !== undefined) return name;
  throw new UsageError('The session cookie is not in --cookie. Pass its name with --cookie-name.');
}

function readKeys(key: string | undefined, secret: string | undefined, appId: string | undefined): Target['keys'] {
  if (appId !== undefined && (key === undefined || !/^[A-Za-z0-9_-]{1,64}$/.test(appId))) {
    throw new UsageError("--app-id works only with --key. It is the stack's output AppId.");
  }
  if (key === undefined) return undefined;
  if (!/^[A-Za-z0-9_-]{1,32}$/.test(key))
    throw new UsageError("--key must be the stack's output Key: 1 to 32 of A-Z a-z 0-9 _ -.");
  if (secret === undefined || secret === '') {
    throw new UsageError('--key also needs the secret, in the environment variable SESSION_SOCKET_SECRET.');
  }
  return { key, secret, appId };
}

/** A scheme and its parameters: https://www.rfc-editor.org/rfc/rfc9110#section-11.4 */
function readAuthorization(header: string | undefined): string | undefined {
  if (header === undefined || header === '') return undefined;
  if (/^[\w-]+ [!-~][ -~]*$/.test(header)) return header;
  throw new UsageError("SESSION_SOCKET_AUTHORIZATION must be the value of an Authorization header, such as 'Basic …'.");
}

function readTimeout(text: string): number {
  const ms = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (ms >= 100 && ms <= 20_000) return ms;
  throw new UsageError('--timeout-ms must be a number from 100 to 20000.');
}
