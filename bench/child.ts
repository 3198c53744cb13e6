import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Bench } from './bench.ts';

/** A server in a separate process, so that it does not share the event loop of its client. */
export interface Child<Ready> {
  /** The server's description of itself, once it serves. */
  readonly ready: Ready;
  /** One question at a time. */
  ask<Answer>(question: string): Promise<Answer>;
  /** Before the benchmark ends. */
  end(): Promise<void>;
}

/** Starts a file of this folder that calls `serve`. It ends with the benchmark. */
export async function startChild<Ready>(
  bench: Bench,
  file: string,
  variables: Readonly<Record<string, string>> = {},
): Promise<Child<Ready>> {
  // Its standard output would mix with our figures.
  const stdio: ('ignore' | 'inherit' | 'ipc')[] = ['ignore', 'ignore', 'inherit', 'ipc'];
  const child = fork(join(import.meta.dirname, file), { env: { ...process.env, ...variables }, stdio });
  const exited = once(child, 'exit');
  const end = async () => {
    if (child.connected) child.disconnect();
    await exited;
  };
  bench.defer(end);

  const hear = async () => {
    const ended = exited.then(() => Promise.reject(new Error(`${file} ended before it answered.`)));
    const [message] = await Promise.race([once(child, 'message'), ended]);
    return message;
  };
  const ready: Ready = await hear();
  return {
    ready,
    ask(question) {
      const answer = hear();
      child.send(question);
      return answer;
    },
    end,
  };
}
