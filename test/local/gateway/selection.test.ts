import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRouteSelection } from '../../../local/gateway/selection.ts';

/** The form inside a longer expression. */
const variable = (path: string) => `$\{${path}}`;

describe('a route selection expression', () => {
  it.each([
    ['$request.body.action', '{"action":"join"}', 'join'],
    ['$request.body.service.do', '{"service":{"do":"it"}}', 'it'],
    ['$request.body.action', '{"action":7}', '7'],
    ['$request.body.action', '{"action":true}', 'true'],
    ['$request.body.action', '{"action":["a",1]}', '[a, 1]'],
    ['$request.body.action', '{"other":1}', ''],
    ['$request.body.action', '{"action":null}', ''],
    ['$request.body.action', 'not JSON', ''],
    ['$request.body.action', '', ''],
    ['$request.body.action', '"text"', ''],
    ['$request.body.length', '[1,2]', ''],
    [`${variable('request.body.a')}/${variable('request.body.b')}`, '{"a":"x","b":"y"}', 'x/y'],
    [`${variable('request.body.a')}/${variable('request.body.b')}`, '{"a":"x"}', 'x/'],
    ['$request.body.[2]', '[2,"id","BootNotification",{}]', 'BootNotification'],
    ['$request.body.list[1].name', '{"list":[{},{"name":"second"}]}', 'second'],
    ['$request.body.[2]', '{"2":"not a list"}', ''],
    ['$request.body.list.length', '{"list":[1]}', ''],
    ['static', '{}', 'static'],
    ['\\$default', '{}', '$default'],
  ])('%s of %s selects %j (34, 36, 37)', (expression, body, routeKey) => {
    expect(parseRouteSelection(expression)(body)).toBe(routeKey);
  });

  it.each([
    '$request.header.x',
    '$request.body',
    variable('context.x'),
    '$context.x',
    '${request.body.a',
    '$request.body.a[x]',
  ])('is rejected in the form %s', (expression) => {
    expect(() => parseRouteSelection(expression)).toThrow('is not emulated');
  });

  it('selects nothing from the prototype of the message', () => {
    expect(parseRouteSelection('$request.body.constructor.name')('{}')).toBe('');
    expect(parseRouteSelection('$request.body.toString')('{}')).toBe('');
  });

  // The client got no answer at all: to write such a value out overflowed the stack. Node 26 can write objects of any depth;
  // whatever a Node can, the message must match no route but $default. Beside other parts, such a value counted as missing.
  it.each([
    ['lists', '[', ']'],
    ['objects', '{"a":', '}'],
  ])('selects no route by deeply nested %s', (_, open, close) => {
    const times = Math.floor((120 * 1024) / (open + close).length);
    const nested = open.repeat(times) + 0 + close.repeat(times);
    const body = `{"action":${nested},"b":"join"}`;
    const isNoRoute = (selected: string) => selected === '' || selected.includes(nested);
    expect(isNoRoute(parseRouteSelection('$request.body.action')(body))).toBe(true);
    expect(
      isNoRoute(parseRouteSelection(`${variable('request.body.action')}${variable('request.body.b')}`)(body)),
    ).toBe(true);
  });

  it('never throws, for any message', () => {
    const select = parseRouteSelection('$request.body.a.b');
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (body) => typeof select(body) === 'string'));
  });
});
