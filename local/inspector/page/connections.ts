import type { ConnectionRecord, InvocationRecord, RefusalRecord } from '../records.ts';
import { element, exactAndAgo, time } from './elements.ts';
import { invocationLogs, invocationsOf, linesOf } from './invocations.ts';
import { messageLine } from './messages.ts';
import { functionName, type Mirror, newest, type Tables, who } from './mirror.ts';
import { type Detail, facts, type Group, type Navigation, type Row, section, values } from './panes.ts';
import { lastWords, looksSecret, summary } from './text.ts';

/** Refused first, because that is what one comes for; then who is there; then who was. */
export function connectionGroups(mirror: Mirror): Group[] {
  const { tables, totals } = mirror;
  const all = newest(tables.connections);
  const open = all.filter(([, { endedAt }]) => endedAt === undefined);
  const ended = all.filter(([, { endedAt }]) => endedAt !== undefined);
  const unlisted = totals.open - open.length;
  return [
    {
      key: 'refused',
      title: 'Refused',
      className: 'refused',
      rows: refusedReasons(tables).map((refused) => refusedRow(refused, mirror)),
    },
    {
      key: 'open',
      title: 'Open',
      note: unlisted > 0 ? `and ${unlisted} older ones, which are not listed` : undefined,
      rows: open.map(([key, connection]) => connectionRow(key, connection)),
    },
    { key: 'ended', title: 'Ended', rows: ended.map(([key, connection]) => connectionRow(key, connection)) },
  ];
}

/** Refusals for the same reason: a client that is refused tries again, and the same answer a hundred times is one line. */
interface Refused {
  readonly key: string;
  readonly last: RefusalRecord;
  /** The newest first. */
  readonly times: number[];
}

function refusedReasons({ refusals }: Tables): Refused[] {
  const reasons = new Map<string, Refused>();
  for (const [, refusal] of newest(refusals)) {
    const key = `refused ${refusal.status} ${refusal.stage ?? ''} ${refusal.reason}`;
    const found = reasons.get(key) ?? { key, last: refusal, times: [] };
    found.times.push(refusal.at);
    reasons.set(key, found);
  }
  return [...reasons.values()];
}

function refusedRow({ key, last, times }: Refused, mirror: Mirror): Row {
  const { status, reason, stage, at } = last;
  const why = whyRefused(last, mirror);
  return {
    key,
    text: () => `refused ${status} ${reason} ${stage ?? ''}`,
    mark: `${times.length} ${at} ${why}`,
    className: 'of-refusal',
    draw: () => [
      element('span.badge.bad', {}, String(status)),
      element('span.main', {}, reason),
      element(
        'span.seen',
        {},
        times.length > 1 && element('span.bad', {}, `${times.length} times`),
        element('span.when', {}, time(at, 'ago')),
      ),
      element('span.why.soft', {}, why ?? ''),
    ],
  };
}

/** The last words of the function that was asked last; what the reason means when there are none. */
function whyRefused({ connectionId, reason }: RefusalRecord, mirror: Mirror): string | undefined {
  const asked = askedFunctions(mirror, connectionId).at(-1);
  if (asked === undefined) return hintFor(reason);
  const [id, invocation] = asked;
  const words = lastWords(linesOf(mirror, id));
  return words === undefined ? hintFor(reason) : `${functionName(invocation.function)}: ${summary(words)}`;
}

/** For a handshake that was refused. */
function askedFunctions(mirror: Mirror, connectionId: string | undefined): [string, InvocationRecord][] {
  return connectionId === undefined ? [] : invocationsOf(mirror, connectionId);
}

function connectionRow(id: string, connection: ConnectionRecord): Row {
  const { at, endedAt, code, messagesIn, messagesOut, context = {} } = connection;
  const isOpen = endedAt === undefined;
  return {
    key: id,
    text: () => `${id} ${isOpen ? 'open' : 'ended'} ${connection.stage} ${Object.values(context).join(' ')}`,
    mark: `${endedAt} ${messagesIn} ${messagesOut}`,
    className: 'of-connection',
    draw: () => [
      element(isOpen ? 'span.dot.good' : 'span.dot', {}, element('span.unseen', {}, isOpen ? 'open' : 'ended')),
      element('span.main', {}, who(connection)),
      element('span.rest.soft', {}, isOpen ? contextLine(context) : `closed with ${code}`),
      element('code.id', {}, id),
      element(
        'span.traffic',
        {},
        element('span.in', {}, `${messagesIn} in`),
        element('span.out', {}, `${messagesOut} out`),
      ),
      element('span.when', {}, isOpen ? time(at, 'age') : time(endedAt, 'ago')),
    ],
  };
}

function contextLine(context: Readonly<Record<string, string>>): string {
  return Object.entries(context)
    .filter(([name]) => name !== 'principalId' && !looksSecret(name))
    .map(([name, value]) => `${name} ${value}`)
    .join(' · ');
}

export function connectionsEmpty({ webSocketUrls }: Mirror): Node[] {
  return [
    element(
      'div.empty',
      {},
      element('h2', {}, 'Nobody has connected yet'),
      element('p', {}, 'Open a socket from your page, or from the console of a browser:'),
      ...webSocketUrls.map((url) => element('pre', { tabindex: 0 }, `new WebSocket('${url}')`)),
      element('p.soft', {}, 'A handshake that is refused is shown here too, with the reason.'),
    ),
  ];
}

export function connectionDetail(mirror: Mirror, key: string, navigation: Navigation): Detail | undefined {
  if (key.startsWith('refused ')) return refusalDetail(mirror, key);
  const connection = mirror.tables.connections.get(key);
  if (connection === undefined) return undefined;
  const { at, endedAt, code, reason, api, stage, sourceIp, userAgent, context, messagesIn, messagesOut } = connection;
  const messages = newest(mirror.tables.messages).filter(([, { connectionId }]) => connectionId === key);
  const invocations = invocationsOf(mirror, key);
  const allMessages = { type: 'button', onclick: () => navigation.go('messages') };
  const allInvocations = { type: 'button', onclick: () => navigation.go('invocations') };
  return {
    title: who(connection),
    mark: JSON.stringify([key, endedAt, messages[0]?.[0], invocations.length, messagesIn, messagesOut]),
    draw: () => [
      facts([
        ['State', endedAt === undefined ? element('span.good', {}, 'open') : `closed with ${code}`],
        ['Reason', reason],
        ['Connection', element('code', {}, key)],
        ['Since', exactAndAgo(at)],
        ['Until', endedAt === undefined ? undefined : exactAndAgo(endedAt)],
        ['Stage', stage],
        ['API', element('code', {}, api)],
        ['From', sourceIp],
        ['User agent', userAgent],
      ]),
      section(
        'What the authorizer said',
        context === undefined ? element('p.soft', {}, 'The API has no authorizer.') : values(context),
      ),
      section(
        'Messages',
        element(
          'ol.lines',
          {},
          messages.slice(0, 6).map(([, message]) => element('li', {}, messageLine(message))),
        ),
        element(
          'p.links',
          {},
          element('button', allMessages, `All messages (${messagesIn + messagesOut})`),
          element('button', allInvocations, `Its invocations (${invocations.length})`),
        ),
      ),
    ],
  };
}

function refusalDetail(mirror: Mirror, key: string): Detail | undefined {
  const refused = refusedReasons(mirror.tables).find((each) => each.key === key);
  if (refused === undefined) return undefined;
  const { last, times } = refused;
  const { at, status, reason, stage, connectionId } = last;
  const asked = askedFunctions(mirror, connectionId);
  const hint = hintFor(reason);
  const isOnce = times.length === 1;
  const before = () => times.slice(1, 4).flatMap((each, index) => [index > 0 && ', ', time(each, 'exact')]);
  return {
    title: `Refused with ${status}`,
    mark: JSON.stringify([key, times.length, asked.map(([, { lines, finishedAt }]) => [lines, finishedAt])]),
    draw: () => [
      element('p.reason', {}, `${reason.charAt(0).toUpperCase()}${reason.slice(1)}.`),
      ...(hint === undefined ? [] : [element('p', {}, hint)]),
      facts([
        ['Stage', stage],
        [isOnce ? 'When' : 'Last', exactAndAgo(at)],
        ['Times', isOnce ? undefined : String(times.length)],
        ['Before', isOnce ? undefined : before()],
      ]),
      ...asked.map(([id, invocation]) => invocationLogs(mirror, id, invocation)),
    ],
  };
}

/** What a developer whose socket was refused wants to know next. */
const hints: readonly (readonly [pattern: RegExp, hint: string])[] = [
  [
    /identity source is missing/,
    'The handshake lacks the token, header or cookie that the authorizer asks for. API Gateway answered it alone: no function was called.',
  ],
  [/explicit deny/, 'The authorizer ran and said no. Why is in its log lines, if it wrote any.'],
  [
    /no matching allow/,
    'The authorizer ran, but its policy allows something else than this handshake. Compare its Resource with the methodArn of its event.',
  ],
  [/said Unauthorized/, 'The authorizer threw the error "Unauthorized", which is its way to answer 401.'],
  [
    /failed: AccessDenied$/,
    'API Gateway may not invoke this function. Compare the SourceArn of its AWS::Lambda::Permission, or the role in CredentialsArn, with this API, account and region.',
  ],
  [
    /the authorizer failed/,
    'The authorizer ended with an error, so nobody can say who this was. The error is in its log lines.',
  ],
  [/^the authorizer/, 'The authorizer ran, but what it returned is not what API Gateway expects.'],
  [/no such stage/, 'The path of a socket URL is the stage and nothing else.'],
  [/\$connect returned \d/, 'The $connect function answered with this status. Its log lines may say why.'],
  [/^\$connect/, 'The $connect function did not answer as a handler must. Its log lines say why.'],
  [/went away/, 'The client hung up before it was let in.'],
  [/starting/, 'It came before the local cloud was ready. A client that tries again gets in.'],
  [/longer than/, 'API Gateway has a limit here, and the local cloud keeps it.'],
  [/handshake|Sec-WebSocket/, 'What arrived is not a WebSocket handshake as RFC 6455 wants it.'],
];

export function hintFor(reason: string): string | undefined {
  return hints.find(([pattern]) => pattern.test(reason))?.[1];
}
