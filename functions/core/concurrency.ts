/**
 * Does something with every item of every page, with so many under way at once: enough to hide the latency of one, few
 * enough to keep memory flat. It begins while the next page is still being read. `act` deals with its own failures.
 */
export async function actOnAll<Item>(
  pages: AsyncIterable<readonly Item[]> | Iterable<readonly Item[]>,
  concurrency: number,
  act: (item: Item) => Promise<void>,
): Promise<void> {
  const underWay = new Set<Promise<void>>();
  for await (const page of pages) {
    for (const item of page) {
      if (underWay.size >= concurrency) await Promise.race(underWay);
      const acting = act(item).finally(() => underWay.delete(acting));
      underWay.add(acting);
    }
  }
  await Promise.all(underWay);
}
