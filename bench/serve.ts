interface Service {
  readonly ready: unknown;
  readonly answers?: Readonly<Record<string, () => unknown>>;
  close?(): Promise<void>;
}

/** The child's side of `startChild`: says that it serves, answers questions, and ends when its parent lets go of it. */
export function serve({ ready, answers = {}, close = async () => {} }: Service): void {
  const end = () => void close().finally(() => process.exit());
  // Ctrl-C reaches the whole process group; the parent hears it too and ends us in order.
  process.on('SIGINT', () => {});
  process.once('disconnect', end);
  process.on('message', async (question) => {
    const answer = await answers[String(question)]?.();
    process.send?.(answer ?? null);
  });
  // The parent may have gone while we were starting.
  if (process.connected) process.send?.(ready);
  else end();
}
