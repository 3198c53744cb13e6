// Runs one deployed bundle as Lambda does: one event after the other, in a process of its own.
const { handler } = require(process.argv[2]);

process.on('message', async (event) => {
  const begin = performance.now();
  const error = await handler(event).then(
    () => undefined,
    (failure) => String(failure),
  );
  const { maxRSS } = process.resourceUsage();
  process.send({ error, milliseconds: performance.now() - begin, peakMemoryMb: maxRSS / 1024 });
});
process.on('disconnect', () => process.exit());
process.send('ready');
