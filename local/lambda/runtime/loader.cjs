// The main module of every environment. It runs the runtime client, which the local cloud sends over stdin after one line
// of settings. `node -` is not used, because it would add `fs`, `path` and `require` as globals, which AWS does not have.
const { readFileSync } = require('node:fs');
const { setFlagsFromString } = require('node:v8');

// The heap limits are already set. With changed flags V8 rejects Node's built-in code cache, so each cold start would
// compile `http`, `tls` and others again, a third of its time.
for (const flag of process.execArgv) if (/^--max-.*-size=/.test(flag)) setFlagsFromString(flag.replace(/=.*/, '=0'));

const source = readFileSync(0, 'utf8');
const end = source.indexOf('\n');
module._compile(source.slice(end + 1), __filename);
module.exports.start(JSON.parse(source.slice(0, end)));
