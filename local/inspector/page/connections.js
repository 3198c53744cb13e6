import { facts, section, values } from './details.js';
import { element } from './elements.js';
import { invocationLogs, invocationsOf } from './invocations.js';
import { lastWords, linesOf, summary } from './log-lines.js';
import { messageLine } from './messages.js';
import { newest } from './mirror.js';
import { functionName, who } from './names.js';
import { hintFor } from './refusals.js';
import { looksSecret } from './secrets.js';
import { time } from './times.js';

/** Refused first, because that is what one comes for; then who is there; then who was. */
export function connectionGroups(mirror) {
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
      rows: open.map(connectionRow),
    },
    { key: 'ended', title: 'Ended', rows: ended.map(connectionRow) },
  ];
}

/** A client that is refused tries again: the same answer a hundred times is one line. */
function refusedReasons({ refusals }) {
  const reasons = new Map();
  for (const [, refusal] of newest(refusals)) {
    const key = `refused ${refusal.status} ${refusal.stage ?? ''} ${refusal.reason}`;
    const found = reasons.get(key) ?? { key, ...refusal, times: [] };
    found.times.push(refusal.at);
    reasons.set(key, found);
  }
  return [...reasons.values()];
}

function refusedRow(refused, mirror) {
  const { key, status, reason, stage, at, times } = refused;
  const why = whyRefused(refused, mirror);
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
function whyRefused({ connectionId, reason }, mirror) {
  const [id, invocation] = (connectionId === undefined ? [] : invocationsOf(mirror, connectionId)).at(-1) ?? [];
  const words = id === undefined ? undefined : lastWords(linesOf(mirror, id));
  return words === undefined ? hintFor(reason) : `${functionName(invocation.function)}: ${summary(words)}`;
}

function connectionRow([id, connection]) {
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

function contextLine(context) {
  return Object.entries(context)
    .filter(([name]) => name !== 'principalId' && !looksSecret(name))
    .map(([name, value]) => `${name} ${value}`)
    .join(' · ');
}

export function connectionsEmpty({ webSocketUrls }) {
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

export function connectionDetail(app, key) {
  if (key.startsWith('refused ')) return refusalDetail(app, key);
  const connection = app.mirror.tables.connections.get(key);
  if (connection === undefined) return undefined;
  const { at, endedAt, code, reason, api, stage, sourceIp, userAgent, context, messagesIn, messagesOut } = connection;
  const messages = newest(app.mirror.tables.messages).filter(([, { connectionId }]) => connectionId === key);
  const invocations = invocationsOf(app.mirror, key);
  return {
    title: who(connection),
    mark: JSON.stringify([key, endedAt, messages[0]?.[0], invocations.length, messagesIn, messagesOut]),
    draw: () => [
      facts([
        ['State', endedAt === undefined ? element('span.good', {}, 'open') : `closed with ${code}`],
        ['Reason', reason],
        ['Connection', element('code', {}, key)],
        ['Since', [time(at, 'exact'), ' ', element('span.soft', {}, time(at, 'ago'))]],
        ['Until', endedAt && [time(endedAt, 'exact'), ' ', element('span.soft', {}, time(endedAt, 'ago'))]],
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
          element(
            'button',
            { type: 'button', onclick: () => app.go('messages') },
            `All messages (${messagesIn + messagesOut})`,
          ),
          element(
            'button',
            { type: 'button', onclick: () => app.go('invocations') },
            `Its invocations (${invocations.length})`,
          ),
        ),
      ),
    ],
  };
}

function refusalDetail({ mirror }, key) {
  const refused = refusedReasons(mirror.tables).find((each) => each.key === key);
  if (refused === undefined) return undefined;
  const { status, reason, stage, times, connectionId } = refused;
  const asked = connectionId === undefined ? [] : invocationsOf(mirror, connectionId);
  const hint = hintFor(reason);
  return {
    title: `Refused with ${status}`,
    mark: JSON.stringify([key, times.length, asked.map(([, { lines, finishedAt }]) => [lines, finishedAt])]),
    draw: () =>
      [
        element('p.reason', {}, `${reason[0].toUpperCase()}${reason.slice(1)}.`),
        hint && element('p', {}, hint),
        facts([
          ['Stage', stage],
          [
            times.length > 1 ? 'Last' : 'When',
            [time(times[0], 'exact'), ' ', element('span.soft', {}, time(times[0], 'ago'))],
          ],
          ['Times', times.length > 1 ? String(times.length) : undefined],
          [
            'Before',
            times.length > 1
              ? times.slice(1, 4).flatMap((at, index) => [index > 0 && ', ', time(at, 'exact')])
              : undefined,
          ],
        ]),
        ...asked.map(([id, invocation]) => invocationLogs(mirror, id, invocation)),
      ].filter(Boolean),
  };
}
