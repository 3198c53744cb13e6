import { facts, section } from './details.js';
import { element } from './elements.js';
import { body, preview, size } from './json.js';
import { newest } from './mirror.js';
import { who } from './names.js';
import { time } from './times.js';

const ways = { reply: 'reply', post: 'posted', gateway: 'error frame' };
const way = ({ direction, by, routeKey }) => (direction === 'out' ? ways[by] : routeKey || 'no route');

export function messageGroups({ tables }) {
  return [{ key: 'messages', rows: newest(tables.messages).map((entry) => messageRow(entry, tables)) }];
}

function messageRow([key, message], tables) {
  const { at, connectionId, direction, by, bytes, body } = message;
  const whose = who(tables.connections.get(connectionId));
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

/** In the details of a connection. */
export function messageLine(message) {
  const { at, direction, body } = message;
  return [
    element('span.when', {}, time(at, 'clock')),
    element(`span.badge.${direction}`, {}, direction),
    element('code', {}, preview(body)),
  ];
}

export function messagesEmpty({ tables }) {
  const isAnybody = tables.connections.size > 0;
  return [
    element(
      'div.empty',
      {},
      element('h2', {}, 'No message yet'),
      element(
        'p',
        {},
        isAnybody
          ? 'Send one over an open socket. What the message function answers, and what is posted to @connections, follows here.'
          : 'Nobody is connected. Open a socket first; the connections view says how.',
      ),
    ),
  ];
}

export function messageDetail(app, key) {
  const message = app.mirror.tables.messages.get(key);
  if (message === undefined) return undefined;
  const { at, connectionId, direction, bytes } = message;
  const connection = app.mirror.tables.connections.get(connectionId);
  const open = () => app.open('connections', connectionId);
  return {
    title: direction === 'in' ? 'From the client' : 'To the client',
    mark: `${key} ${connection === undefined}`,
    draw: () => [
      facts([
        [direction === 'in' ? 'Route' : 'Sent as', direction === 'in' ? way(message) : explainedWays[message.by]],
        ['When', [time(at, 'exact'), ' ', element('span.soft', {}, time(at, 'ago'))]],
        ['Size', `${size(bytes)}`],
        ['Client', connection && element('button.link', { type: 'button', onclick: open }, who(connection))],
        ['Connection', element('code', {}, connectionId)],
      ]),
      section('Body', body(message.body, bytes)),
    ],
  };
}

const explainedWays = {
  reply: 'the reply of a two-way route',
  post: 'a POST to @connections',
  gateway: "an error frame of API Gateway's own",
};
