// How long one module takes to load in a process that has done nothing else, in milliseconds.
const start = performance.now();
require(process.argv[2]);
const end = performance.now();
process.stdout.write(String(end - start), () => process.exit());
