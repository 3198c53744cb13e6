import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { readPosts } from '../../bench/read-posts.ts';
import { createBucket } from '../../bench/token-bucket.ts';

const request = (id: string, body: string) =>
  `POST /live/@connections/${encodeURIComponent(id)} HTTP/1.1\r\nhost: x\r\ncontent-length: ${body.length}\r\n\r\n${body}`;

it.each([1, 7, 50, 1000])('a request counts once, when it is whole, in pieces of %d bytes', (size) => {
  const socket = new PassThrough();
  const heard: string[] = [];
  readPosts(socket, (connectionId) => heard.push(connectionId));
  const bytes = Buffer.from(request('a/b=', '{}') + request('c', '\r\n\r\n') + request('d', ''));
  for (let at = 0; at < bytes.length; at += size) socket.emit('data', bytes.subarray(at, at + size));
  expect(heard).toEqual(['a/b=', 'c', 'd']);
});

it('a quota lets through its burst at once, then its rate', () => {
  let now = 0;
  const bucket = createBucket({ rate: 100, burst: 5 }, () => now);
  const take = (count: number) => Array.from({ length: count }, () => bucket.take()).filter((taken) => taken).length;
  expect(take(10)).toBe(5);
  now += 30;
  expect(take(10)).toBe(3);
  now += 60_000;
  expect(take(10)).toBe(5);
});
