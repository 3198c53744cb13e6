import { isLoopback } from '../../functions/core/handshake/session-endpoint.ts';
import { maxBodyBytes } from '../ask.ts';
import { type Check, notChecked, ok, problem, quote, warning } from '../check.ts';
import type { Answers } from '../collect-answers.ts';
import { isJson, isReply, type Reply, readReply } from '../reply.ts';

const repliesOf = ({ strangers, session = [] }: Answers): readonly Reply[] =>
  [...strangers, ...session].filter(isReply);

export const contentType: Check = {
  name: 'type',
  question: 'Is the answer JSON, with the right content type?',
  judge(answers) {
    if (answers.mode === 'status') return notChecked('the body is not read in mode status');
    const accepted = repliesOf(answers).filter(({ status }) => status === 200);
    const wrong = accepted.find((reply) => !isJson(reply));
    if (wrong !== undefined) {
      return problem(
        `an answer of 200 has the type ${quote(wrong.headers['content-type'] ?? '(none)')}`,
        "The gateway reads only JSON. Send header('Content-Type: application/json') and print nothing before it.",
      );
    }
    const [first] = answers.strangers;
    if (accepted.length > 0 || isJson(first)) return ok('application/json');
    if (readReply(first).kind === 'redirect') return notChecked('the only answer was a redirect');
    return notChecked(
      `the gateway does not read the body of a ${first.status}; use --cookie to check the answer that it reads`,
    );
  },
};

/** About the size of API Gateway's context, 8 KB. An identity may have at most 3 KB. */
const roomyBytes = 8 * 1024;

export const size: Check = {
  name: 'size',
  question: 'Is the answer small enough?',
  judge(answers) {
    if (answers.mode === 'status') return notChecked('the body is not read in mode status');
    const replies = repliesOf(answers);
    const largest = Math.max(...replies.map(({ bytes }) => bytes));
    if (replies.some(({ isTooLong }) => isTooLong)) {
      return problem(
        `more than ${maxBodyBytes / 1024} KB`,
        'The gateway stops reading there. Answer with only the token or the identity, not with a page.',
      );
    }
    if (largest > roomyBytes) {
      return warning(`${largest} bytes`, 'Every handshake transfers it. A token or an identity needs less than 4 KB.');
    }
    return ok(`${largest} bytes`);
  },
};

export const responseTime: Check = {
  name: 'time',
  question: 'Is the answer fast enough?',
  judge(answers) {
    const { sessionTimeoutMs } = answers.target;
    const sessionMs = answers.session?.filter(isReply).map(({ ms }) => ms) ?? [];
    const ms = Math.max(median(answers.strangers.map((each) => each.ms)), median(sessionMs));
    const fix = [
      'Handle the route before the framework starts, and before any call to a database or another server.',
      `The gateway waits at most ${sessionTimeoutMs} ms (sessionTimeoutMs), and the user waits with it.`,
    ];
    if (ms >= sessionTimeoutMs)
      return problem(`${ms} ms, but the gateway times out after ${sessionTimeoutMs} ms`, ...fix);
    if (ms >= sessionTimeoutMs * 0.4) return warning(`${ms} ms of at most ${sessionTimeoutMs} ms`, ...fix);
    return ok(`${ms} ms`);
  },
};

/** The lower median; 0 for an empty list. */
function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? 0;
}

export const keepAlive: Check = {
  name: 'keep-alive',
  question: 'Does the server keep connections open?',
  judge({ target: { url }, strangers: [, ...later] }) {
    if (later.filter(isReply).some(({ isKept }) => isKept)) return ok('connections are kept');
    if (later.length === 0) return notChecked('the first answer was too slow to send more requests');
    if (isLoopback(url)) return notChecked('connections are not kept on this machine, as with php -S');
    return warning(
      'every request opens a new connection',
      'Every handshake then needs a new TLS connection. Turn on keep-alive in the web server.',
    );
  },
};
