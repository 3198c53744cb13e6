// The main module of every environment: runs the runtime client that the local cloud sends over stdin, after one line of
// settings. A script from stdin itself would see `fs`, `path` and `require` as globals, which no function in AWS does.
const { readFileSync } = require('node:fs');
const { setFlagsFromString } = require('node:v8');

// The heap has its limits by now. While a flag differs from its default, V8 rejects the code that Node comes with, and each cold start
// would compile `http`, `tls` and the like again: a third of its time.
for (const flag of process.execArgv) if (/^--max-.*-size=/.test(flag)) setFlagsFromString(flag.replace(/=.*/, '=0'));

const source = readFileSync(0, 'utf8');
const end = source.indexOf('\n');
module._compile(source.slice(end + 1), __filename);
module.exports.start(JSON.parse(source.slice(0, end)));
