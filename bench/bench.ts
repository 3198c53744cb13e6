/** The options of the command line. */
export type Sizes = Pick<Bench, 'mutations' | 'sockets' | 'recipients' | 'chart'>;

/** The argument of every benchmark. */
export interface Bench {
  /** How many mutated tickets `tickets` tries. */
  readonly mutations: number;
  /** How many clients reconnect at once in `storm`. */
  readonly sockets: number;
  /** The number of sockets in `broadcast`. */
  readonly recipients: number;
  /** Whether charts are drawn into docs/images. */
  readonly chart: boolean;
  /**
   * Prints the next step.
   * @throws Stopped after Ctrl-C, so that no further step begins
   */
  step(line: string): void;
  /** Runs `undo` after the benchmark, even if it failed; the last one runs first. */
  defer(undo: () => Promise<void> | void): void;
}

export class Stopped extends Error {}

/** The argument of a benchmark, and a function that ends it early. */
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
      // Something that was still starting at Ctrl-C.
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
