/** What was asked for on the command line. */
export type Sizes = Pick<Bench, 'mutations' | 'sockets' | 'recipients' | 'chart'>;

/** What every benchmark is given. */
export interface Bench {
  /** How many mutated tickets `tickets` tries. */
  readonly mutations: number;
  /** How many come back at once in `storm`. */
  readonly sockets: number;
  /** To how many sockets `broadcast` posts. */
  readonly recipients: number;
  /** Whether charts are drawn into docs/images. */
  readonly chart: boolean;
  /**
   * Tells what comes next.
   * @throws Stopped once somebody pressed Ctrl-C, so that nothing more is begun
   */
  step(line: string): void;
  /** `undo` runs when the benchmark has ended, however it ended; the last one first. */
  defer(undo: () => Promise<void> | void): void;
}

export class Stopped extends Error {}

/** A benchmark's surroundings, and the way to end them early. */
export function createBench(say: (line: string) => void, sizes: Sizes) {
  const undos: (() => Promise<void> | void)[] = [];
  let isStopped = false;

  const bench: Bench = {
    ...sizes,
    step(line) {
      if (isStopped) throw new Stopped();
      say(line);
    },
    defer(undo) {
      undos.push(undo);
      // What was still starting when Ctrl-C came.
      if (isStopped) void cleanUp();
    },
  };

  async function cleanUp(): Promise<void> {
    for (let undo = undos.pop(); undo !== undefined; undo = undos.pop()) await undo();
  }

  return {
    bench,
    cleanUp,
    stop(): Promise<void> {
      isStopped = true;
      return cleanUp();
    },
    get isStopped() {
      return isStopped;
    },
  };
}
