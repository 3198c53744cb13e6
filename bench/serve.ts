interface Service {
  readonly ready: unknown;
  readonly answers?: Readonly<Record<string, () => unknown>>;
  close?(): Promise<void>;
}

/**
 * The child's side of `startChild`: reports that it serves, answers questions, and ends when its parent disconnects.
 */
export function serve({ ready, answers = {}, close = async () => {} }: Service): void {
  const end = () => void close().finally(() => process.exit());
  // Ctrl-C reaches the whole process group. The parent gets it too, and ends this process in order.
  process.on('SIGINT', () => {});
  process.once('disconnect', end);
  process.on('message', async (question) => {
    const answer = await answers[String(question)]?.();
    process.send?.(answer ?? null);
  });
  // The parent may have ended while this process was starting.
  if (process.connected) process.send?.(ready);
  else end();
}
