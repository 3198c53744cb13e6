/** An operation's input, as far as it matters here: whatever else is wrong with it is DynamoDB's to judge. */
export type Input = Readonly<Record<string, unknown>>;

export function asInput(value: unknown): Input {
  return typeof value === 'object' && value !== null ? (value as Input) : {};
}
