// The main module of every environment: runs the runtime client that the local cloud sends over stdin, after one line of
// settings. A script from stdin itself would see `fs`, `path` and `require` as globals, which no function in AWS does.
const source = require('node:fs').readFileSync(0, 'utf8');
const end = source.indexOf('\n');
module._compile(source.slice(end + 1), __filename);
module.exports.start(JSON.parse(source.slice(0, end)));
