import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { createEventStream } from '../../local/inspector/event-stream.ts';
import { createJournal } from '../../local/inspector/journal.ts';

/** A page's connection whose buffer the test controls. */
class FakeResponse extends EventEmitter {
  writableLength = 0;
  readonly written: string[] = [];

  write(text: string): boolean {
    this.written.push(text);
    this.emit('written');
    return true;
  }

  end(): void {
    this.emit('close');
  }

  get names(): readonly string[] {
    return this.written.map((text) => /^event: (\w+)\ndata: .*\n\n$/.exec(text)?.[1] ?? text);
  }

  next(): Promise<unknown> {
    return new Promise((resolve) => this.once('written', resolve));
  }
}

function openStream() {
  const journal = createJournal();
  const stream = createEventStream(journal, () => ({ now: 1000, webSocketUrls: [] }));
  const open = () => {
    const response = new FakeResponse();
    stream.open(response as unknown as ServerResponse);
    return response;
  };
  const happen = () => journal.observe({ kind: 'refused', status: 401, reason: 'the identity source is missing' });
  return { stream, open, happen };
}

describe('A page that reads slowly', () => {
  it('gets no data until it has caught up, then a new snapshot', async () => {
    const { open, happen } = openStream();
    const slow = open();
    const quick = open();
    slow.writableLength = 2 * 1024 * 1024;
    happen();
    await quick.next();
    expect(quick.names).toEqual(['snapshot', 'changes']);
    expect(slow.names).toEqual(['snapshot']);

    slow.writableLength = 0;
    slow.emit('drain');
    await slow.next();
    expect(slow.names).toEqual(['snapshot', 'snapshot']);
    happen();
    await slow.next();
    expect(slow.names).toEqual(['snapshot', 'snapshot', 'changes']);
  });

  it('gets no snapshot if nothing happened meanwhile', async () => {
    const { open, happen } = openStream();
    const response = open();
    response.emit('drain');
    happen();
    await response.next();
    expect(response.names).toEqual(['snapshot', 'changes']);
  });
});

it('A closed page gets no data, and other pages continue', async () => {
  const { open, happen } = openStream();
  const closed = open();
  const other = open();
  closed.emit('close');
  happen();
  await other.next();
  expect(closed.names).toEqual(['snapshot']);
});

it('The streams end with the local cloud, also with pending changes', () => {
  const { stream, open, happen } = openStream();
  const response = open();
  happen();
  let isClosed = false;
  response.on('close', () => {
    isClosed = true;
  });
  stream.close();
  expect(isClosed).toBe(true);
  expect(response.names).toEqual(['snapshot']);
});
