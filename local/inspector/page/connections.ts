import type { ConnectionRecord, InvocationRecord, RefusalRecord } from '../records.ts';
import { element, exactAndAgo, time } from './elements.ts';
import { invocationLogs, invocationsOf, linesOf } from './invocations.ts';
import { messageLine } from './messages.ts';
import { functionName, type Mirror, newest, principalOf, type Tables } from './mirror.ts';
import { type Detail, facts, type Group, type Navigation, type Row, section, values } from './panes.ts';
import { lastLine, looksSecret, summary } from './text.ts';

/** Refused connections first, because developers look for them; then open ones, then ended ones. */
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

/** Refusals for the same reason. Clients retry, so a hundred equal refusals are one line. */
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
  const why = explainRefusal(last, mirror);
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

/** The last log line of the last invoked function; without one, a hint for the reason. */
function explainRefusal({ connectionId, reason }: RefusalRecord, mirror: Mirror): string | undefined {
  const asked = invokedFunctions(mirror, connectionId).at(-1);
  if (asked === undefined) return hintFor(reason);
  const [id, invocation] = asked;
  const words = lastLine(linesOf(mirror, id));
  return words === undefined ? hintFor(reason) : `${functionName(invocation.function)}: ${summary(words)}`;
}

/** The functions that ran for a refused handshake. */
function invokedFunctions(mirror: Mirror, connectionId: string | undefined): [string, InvocationRecord][] {
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
      element(
        isOpen ? 'span.dot.good' : 'span.dot',
        {},
        element('span.visually-hidden', {}, isOpen ? 'open' : 'ended'),
      ),
      element('span.main', {}, principalOf(connection)),
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
      element('h2', {}, 'No connections yet'),
      element('p', {}, 'Open a socket from your page, or from the console of a browser:'),
      ...webSocketUrls.map((url) => element('pre', { tabindex: 0 }, `new WebSocket('${url}')`)),
      element('p.soft', {}, 'Refused handshakes appear here too, with the reason.'),
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
    title: principalOf(connection),
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
        'Authorizer context',
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
  const asked = invokedFunctions(mirror, connectionId);
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

/** Explanations of refusals for developers. */
const hints: readonly (readonly [pattern: RegExp, hint: string])[] = [
  [
    /identity source is missing/,
    'The handshake lacks the token, header or cookie that the authorizer requires. API Gateway answered without calling a function.',
  ],
  [/explicit deny/, 'The authorizer denied the connection. Its log lines may explain why.'],
  [
    /no matching allow/,
    "The authorizer's policy does not allow this handshake. Compare its Resource with the methodArn of its event.",
  ],
  [/said Unauthorized/, 'The authorizer threw the error "Unauthorized", which API Gateway answers with 401.'],
  [
    /failed: AccessDenied$/,
    'API Gateway may not invoke this function. Compare the SourceArn of its AWS::Lambda::Permission, or the role in CredentialsArn, with this API, account and region.',
  ],
  [/the authorizer failed/, 'The authorizer ended with an error. See its log lines.'],
  [/^the authorizer/, 'The authorizer returned a result that API Gateway does not accept.'],
  [/no such stage/, 'The path of a socket URL must be only the stage.'],
  [/\$connect returned \d/, 'The $connect function answered with this status. Its log lines may explain why.'],
  [/^\$connect/, 'The $connect function returned no valid response. See its log lines.'],
  [/went away/, 'The client disconnected before the handshake ended.'],
  [/starting/, 'The local cloud was not ready yet. A retry will succeed.'],
  [/longer than/, 'The request exceeds a limit of API Gateway, which the local cloud applies.'],
  [/handshake|Sec-WebSocket/, 'The request is not a valid WebSocket handshake (RFC 6455).'],
];

export function hintFor(reason: string): string | undefined {
  return hints.find(([pattern]) => pattern.test(reason))?.[1];
}
