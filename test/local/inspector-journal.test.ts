import { describe, expect, it } from 'vitest';
import { createJournal, cut, type Journal } from '../../local/inspector/journal.ts';
import { type Change, defaultLimits, type Limits } from '../../local/inspector/records.ts';
import { connectionIdIn, type Observation } from '../../local/observation.ts';
import { InspectorCopy } from '../assemblies/inspector-copy.ts';

const limits: Limits = {
  connections: 5,
  endedConnections: 2,
  refusals: 3,
  messages: 4,
  invocations: 3,
  lines: 6,
  linesPerInvocation: 2,
  bodyBytes: 16,
  lineBytes: 16,
};
const connected = (connectionId: string): Observation => ({
  kind: 'connected',
  connectionId,
  api: 'api',
  stage: 'prod',
  sourceIp: '127.0.0.1',
  context: { principalId: 'user:42' },
});
const disconnected = (connectionId: string): Observation => ({
  kind: 'disconnected',
  connectionId,
  code: 1001,
  reason: '',
});
const messageIn = (connectionId: string, body: string): Observation => ({
  kind: 'message-in',
  connectionId,
  routeKey: '$default',
  body,
});
const invoked = (requestId: string): Observation => ({ kind: 'invoked', function: 'F', requestId, isCold: false });
const line = (requestId: string | undefined, text: string): Observation => ({
  kind: 'line',
  function: 'F',
  requestId,
  text,
});

const copyOf = (journal: Journal) => new InspectorCopy().apply(journal.snapshot());
const keys = (journal: Journal, table: 'connections' | 'messages' | 'invocations' | 'lines' | 'refusals') =>
  copyOf(journal)
    .all(table)
    .map(([key]) => key);

describe('The journal', () => {
  it('records connections, messages and how a connection ended', () => {
    let now = 1000;
    const journal = createJournal(() => now, limits);
    journal.observe(connected('a'));
    now = 2000;
    journal.observe(messageIn('a', 'hello'));
    journal.observe({ kind: 'message-out', connectionId: 'a', by: 'reply', body: 'hi' });
    now = 3000;
    journal.observe(disconnected('a'));
    const copy = copyOf(journal);
    expect(copy.records('connections')).toEqual([
      {
        at: 1000,
        api: 'api',
        stage: 'prod',
        sourceIp: '127.0.0.1',
        context: { principalId: 'user:42' },
        messagesIn: 1,
        messagesOut: 1,
        lastMessageAt: 2000,
        endedAt: 3000,
        code: 1001,
        reason: '',
      },
    ]);
    expect(copy.records('messages')).toEqual([
      { at: 2000, connectionId: 'a', direction: 'in', routeKey: '$default', body: 'hello', bytes: 5 },
      { at: 2000, connectionId: 'a', direction: 'out', by: 'reply', body: 'hi', bytes: 2 },
    ]);
    expect(journal.totals()).toMatchObject({ open: 0, handshakes: 1, messages: 2 });
  });

  it("records an invocation's log lines and duration", () => {
    const journal = createJournal(() => 1000, limits);
    journal.observe({ kind: 'invoked', function: 'F', requestId: 'r', isCold: true, connectionId: 'a' });
    journal.observe(line('r', 'one'));
    journal.observe({
      kind: 'finished',
      function: 'F',
      requestId: 'r',
      durationMs: 12,
      initMs: 200,
      errorType: 'TypeError',
    });
    const copy = copyOf(journal);
    const invocation = { function: 'F', isCold: true, connectionId: 'a', lines: 1, durationMs: 12, initMs: 200 };
    expect(copy.records('invocations')).toMatchObject([{ ...invocation, errorType: 'TypeError' }]);
    expect(copy.records('lines')).toEqual([{ at: 1000, function: 'F', requestId: 'r', text: 'one', bytes: 3 }]);
    expect(journal.totals()).toMatchObject({ invocations: 1, errors: 1 });
  });

  it('counts refused handshakes, with reason and connection id', () => {
    const journal = createJournal(() => 1000, limits);
    journal.observe({ kind: 'refused', status: 403, reason: 'an explicit deny', stage: 'prod', connectionId: 'a' });
    const refusal = { at: 1000, status: 403, reason: 'an explicit deny', stage: 'prod', connectionId: 'a' };
    expect(copyOf(journal).records('refusals')).toEqual([refusal]);
    expect(journal.totals()).toMatchObject({ open: 0, handshakes: 1, refused: 1 });
  });

  it('keeps only the newest of everything', () => {
    const journal = createJournal(() => 1000, limits);
    for (let index = 0; index < 20; index += 1) {
      journal.observe(messageIn('a', String(index)));
      journal.observe({ kind: 'refused', status: 401, reason: String(index) });
      journal.observe(invoked(String(index)));
      journal.observe(line(undefined, String(index)));
    }
    const copy = copyOf(journal);
    expect(copy.records('messages').map(({ body }) => body)).toEqual(['16', '17', '18', '19']);
    expect(copy.records('refusals').map(({ reason }) => reason)).toEqual(['17', '18', '19']);
    expect(keys(journal, 'invocations')).toEqual(['17', '18', '19']);
    expect(copy.records('lines').map(({ text }) => text)).toEqual(['14', '15', '16', '17', '18', '19']);
    expect(journal.totals()).toMatchObject({ messages: 20, refused: 20, invocations: 20 });
  });

  it('evicts ended connections before open ones, and counts all open ones', () => {
    const journal = createJournal(() => 1000, limits);
    for (const id of ['a', 'b', 'c', 'd']) journal.observe(connected(id));
    for (const id of ['b', 'c', 'd']) journal.observe(disconnected(id));
    expect(keys(journal, 'connections')).toEqual(['a', 'c', 'd']);
    for (const id of ['e', 'f', 'g', 'h']) journal.observe(connected(id));
    expect(keys(journal, 'connections')).toEqual(['a', 'e', 'f', 'g', 'h']);
    journal.observe(connected('i'));
    expect(keys(journal, 'connections')).toEqual(['e', 'f', 'g', 'h', 'i']);
    expect(journal.totals().open).toBe(6);
    journal.observe(disconnected('a'));
    expect(journal.totals().open).toBe(5);
  });

  it('cuts long bodies and lines, and keeps their original length', () => {
    const journal = createJournal(() => 1000, limits);
    journal.observe(messageIn('a', 'x'.repeat(5000)));
    journal.observe(line(undefined, 'y'.repeat(3000)));
    const copy = copyOf(journal);
    expect(copy.records('messages')).toMatchObject([{ body: 'x'.repeat(16), bytes: 5000 }]);
    expect(copy.records('lines')).toMatchObject([{ text: 'y'.repeat(16), bytes: 3000 }]);
  });

  it('limits the lines of one invocation, so that others have room', () => {
    const journal = createJournal(() => 1000, limits);
    journal.observe(invoked('quiet'));
    journal.observe(line('quiet', 'once'));
    journal.observe(invoked('loud'));
    for (let index = 0; index < 50; index += 1) journal.observe(line('loud', String(index)));
    const copy = copyOf(journal);
    expect(copy.records('lines').map(({ text }) => text)).toEqual(['once', '0', '1']);
    expect(copy.records('invocations').map(({ lines }) => lines)).toEqual([1, 50]);
  });

  it('gives a subscriber the same content as a snapshot, from any moment', () => {
    const journal = createJournal(() => 1000, limits);
    const story = [...'abcdefg'].flatMap((id) => [
      connected(id),
      messageIn(id, `from ${id}`),
      invoked(id),
      line(id, id),
      ...('bdf'.includes(id) ? [disconnected(id)] : []),
      { kind: 'refused', status: 403, reason: id } as const,
    ]);
    const copies: InspectorCopy[] = [];
    for (const observation of story) {
      const copy = copyOf(journal);
      copies.push(copy);
      journal.subscribe((change: Change) => copy.apply([change]));
      journal.observe(observation);
    }
    for (const copy of copies) {
      for (const table of ['connections', 'refusals', 'messages', 'invocations', 'lines'] as const) {
        expect(copy.all(table)).toEqual(copyOf(journal).all(table));
      }
    }
  });

  it('sends no changes after unsubscribing', () => {
    const journal = createJournal(() => 1000, limits);
    const changes: Change[] = [];
    const unsubscribe = journal.subscribe((change) => changes.push(change));
    journal.observe(invoked('r'));
    unsubscribe();
    journal.observe(invoked('s'));
    expect(changes).toHaveLength(1);
  });

  it('stays small with 5,000 connections and many messages of maximum length', () => {
    const journal = createJournal();
    for (let index = 0; index < 5000; index += 1) journal.observe(connected(`c${index}`));
    for (let index = 0; index < 3000; index += 1) journal.observe(messageIn(`c${index}`, 'x'.repeat(128 * 1024)));
    const copy = copyOf(journal);
    expect(journal.totals()).toMatchObject({ open: 5000, messages: 3000 });
    expect(copy.records('connections')).toHaveLength(defaultLimits.connections);
    expect(JSON.stringify(journal.snapshot()).length).toBeLessThan(3 * 1024 * 1024);
  });
});

describe('A cut text', () => {
  it('ends with a whole character', () => {
    expect(cut('aé€😀', 4)).toEqual({ text: 'aé', bytes: 10 });
    expect(cut('😀😀', 7)).toEqual({ text: '😀', bytes: 8 });
    expect(cut('abc', 3)).toEqual({ text: 'abc', bytes: 3 });
  });
});

describe('The connection of an event', () => {
  it('is found in the events of API Gateway', () => {
    const event = { requestContext: { authorizer: {}, connectionId: 'L0SM9cOFvHcCIhw=' } };
    expect(connectionIdIn(JSON.stringify(event))).toBe('L0SM9cOFvHcCIhw=');
    expect(connectionIdIn('{"detail":{}}')).toBeUndefined();
  });

  it('is not taken from a message or a query string', () => {
    const requestContext = { connectionId: 'L0SM9cOFvHcCIhw=' };
    const body = JSON.stringify({ connectionId: 'eHrdFcnvvHcCE-w=' });
    expect(connectionIdIn(JSON.stringify({ requestContext, body }))).toBe('L0SM9cOFvHcCIhw=');
    const queryStringParameters = { connectionId: 'eHrdFcnvvHcCE-w=' };
    expect(connectionIdIn(JSON.stringify({ queryStringParameters, requestContext }))).toBe('L0SM9cOFvHcCIhw=');
  });
});
