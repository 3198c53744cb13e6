import { isLoopback } from '../../functions/core/handshake/session-endpoint.ts';
import { maxBodyBytes } from '../ask.ts';
import { type Check, notChecked, ok, problem, quote, warning } from '../check.ts';
import type { Answers } from '../interview.ts';
import { isJson, isReply, type Reply, readReply } from '../reply.ts';

const repliesOf = ({ strangers, session = [] }: Answers): readonly Reply[] =>
  [...strangers, ...session].filter(isReply);

export const contentType: Check = {
  name: 'type',
  question: 'Is the answer JSON, and does it say so?',
  judge(answers) {
    if (answers.mode === 'status') return notChecked('the body is not read in mode status');
    const accepted = repliesOf(answers).filter(({ status }) => status === 200);
    const wrong = accepted.find((reply) => !isJson(reply));
    if (wrong !== undefined) {
      return problem(
        `an answer of 200 has the type ${quote(wrong.headers['content-type'] ?? '(none)')}`,
        "The gateway reads nothing but JSON: header('Content-Type: application/json'), and no output before it.",
      );
    }
    const [first] = answers.strangers;
    if (accepted.length > 0 || isJson(first)) return ok('application/json');
    if (readReply(first).kind === 'redirect') return notChecked('there was nothing but a redirect');
    return notChecked(`the ${first.status} is not JSON, which nobody reads; --cookie shows the answer that is read`);
  },
};

/** What remains of API Gateway's 8 KB of context, roughly: an identity is to have 3 KB at most. */
const roomyBytes = 8 * 1024;

export const size: Check = {
  name: 'size',
  question: 'Is the answer short?',
  judge(answers) {
    if (answers.mode === 'status') return notChecked('the body is not read in mode status');
    const replies = repliesOf(answers);
    const largest = Math.max(...replies.map(({ bytes }) => bytes));
    if (replies.some(({ isTooLong }) => isTooLong)) {
      return problem(
        `more than ${maxBodyBytes / 1024} KB`,
        'The gateway hangs up there: answer with the token or the identity only, not with a page.',
      );
    }
    if (largest > roomyBytes) {
      return warning(`${largest} bytes`, 'Each handshake carries it: a token or an identity is shorter than 4 KB.');
    }
    return ok(`${largest} bytes`);
  },
};

export const responseTime: Check = {
  name: 'time',
  question: 'Is the answer quick?',
  judge(answers) {
    const { sessionTimeoutMs } = answers.target;
    const sessionMs = answers.session?.filter(isReply).map(({ ms }) => ms) ?? [];
    const ms = Math.max(median(answers.strangers.map((each) => each.ms)), median(sessionMs));
    const mend = [
      'Let the route come before the framework starts and before anything asks a database or another server.',
      `The gateway waits ${sessionTimeoutMs} ms (sessionTimeoutMs), and meanwhile the person waits.`,
    ];
    if (ms >= sessionTimeoutMs) return problem(`${ms} ms, and the gateway gives up after ${sessionTimeoutMs}`, ...mend);
    if (ms >= sessionTimeoutMs * 0.4) return warning(`${ms} ms, of the ${sessionTimeoutMs} that there are`, ...mend);
    return ok(`${ms} ms`);
  },
};

/** The middle one, or the lower of the two; 0 of nothing. */
function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? 0;
}

export const keepAlive: Check = {
  name: 'keep-alive',
  question: 'Does a connection serve more than once?',
  judge({ target: { url }, strangers: [, ...later] }) {
    if (later.filter(isReply).some(({ isKept }) => isKept)) return ok('connections are kept');
    if (later.length === 0) return notChecked('one question took too long to ask more of them');
    if (isLoopback(url)) return notChecked('none is kept on this machine, as by php -S');
    return warning(
      'every question opens a connection of its own',
      'Each handshake then pays for TLS: turn keep-alive on in the web server.',
    );
  },
};
