/** A policy that is none, or one that cannot be obeyed in full here. Its message names the place. */
export class MalformedPolicy extends Error {
  constructor(path: string, sentence: string) {
    super(`${path}: ${sentence}`);
    this.name = 'MalformedPolicy';
  }
}
