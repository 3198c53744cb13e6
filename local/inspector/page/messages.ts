import type { MessageRecord } from '../records.ts';
import { element, exactAndAgo, time } from './elements.ts';
import { type Mirror, newest, principalOf, type Tables } from './mirror.ts';
import { type Detail, facts, type Group, type Navigation, type Row, section } from './panes.ts';
import { body, preview, size } from './text.ts';

const ways = { reply: 'reply', post: 'posted', gateway: 'error frame' };
const explainedWays = {
  reply: 'the reply of a two-way route',
  post: 'a POST to @connections',
  gateway: "an error frame of API Gateway's own",
};

const route = ({ routeKey }: MessageRecord) => routeKey || 'no route';

function way(message: MessageRecord): string {
  if (message.direction === 'in') return route(message);
  return message.by === undefined ? '' : ways[message.by];
}

export function messageGroups({ tables }: Mirror): Group[] {
  return [{ key: 'messages', rows: newest(tables.messages).map(([key, message]) => messageRow(key, message, tables)) }];
}

function messageRow(key: string, message: MessageRecord, tables: Tables): Row {
  const { at, connectionId, direction, by, bytes, body } = message;
  const whose = principalOf(tables.connections.get(connectionId));
  return {
    key,
    connectionId,
    text: () => `${direction} ${way(message)} ${connectionId} ${whose} ${body}`,
    mark: whose,
    className: by === 'gateway' ? 'of-message has-error' : 'of-message',
    draw: () => [
      element('span.when', {}, time(at, 'exact')),
      element(`span.badge.${direction}`, {}, direction),
      element('span.how', {}, way(message)),
      element('code.main', {}, preview(body)),
      element('span.rest.soft', {}, whose),
      element('span.size', {}, size(bytes)),
    ],
  };
}

/** A message in the details of a connection. */
export function messageLine({ at, direction, body }: MessageRecord): HTMLElement[] {
  return [
    element('span.when', {}, time(at, 'clock')),
    element(`span.badge.${direction}`, {}, direction),
    element('code', {}, preview(body)),
  ];
}

export function messagesEmpty({ tables }: Mirror): Node[] {
  const hasConnections = tables.connections.size > 0;
  return [
    element(
      'div.empty',
      {},
      element('h2', {}, 'No message yet'),
      element(
        'p',
        {},
        hasConnections
          ? 'Send one over an open socket. Replies of the message function and posts to @connections also appear here.'
          : 'No client is connected. Open a socket first; the connections view shows how.',
      ),
    ),
  ];
}

export function messageDetail({ tables }: Mirror, key: string, { open }: Navigation): Detail | undefined {
  const message = tables.messages.get(key);
  if (message === undefined) return undefined;
  const { at, connectionId, direction, by, bytes } = message;
  const connection = tables.connections.get(connectionId);
  const openConnection = () => open('connections', connectionId);
  return {
    title: direction === 'in' ? 'From the client' : 'To the client',
    mark: `${key} ${connection === undefined}`,
    draw: () => [
      facts([
        direction === 'in' ? ['Route', route(message)] : ['Sent as', by && explainedWays[by]],
        ['When', exactAndAgo(at)],
        ['Size', size(bytes)],
        [
          'Client',
          connection && element('button.link', { type: 'button', onclick: openConnection }, principalOf(connection)),
        ],
        ['Connection', element('code', {}, connectionId)],
      ]),
      section('Body', body(message.body, bytes)),
    ],
  };
}
