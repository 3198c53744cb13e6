// Runs one deployed bundle as Lambda does: one event after the other, in a process of its own.
const { handler } = require(process.argv[2]);

// The start of the process counts with its first event.
let cpuBefore = { user: 0, system: 0 };

process.on('message', async (event) => {
  const begin = performance.now();
  const error = await handler(event).then(
    () => undefined,
    (failure) => String(failure),
  );
  const { maxRSS } = process.resourceUsage();
  const cpu = process.cpuUsage();
  const cpuMs = (cpu.user + cpu.system - cpuBefore.user - cpuBefore.system) / 1000;
  cpuBefore = cpu;
  process.send({ error, cpuMs, milliseconds: performance.now() - begin, peakMemoryMb: maxRSS / 1024 });
});
process.on('disconnect', () => process.exit());
process.send('ready');
