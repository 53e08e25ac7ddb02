// JSON values as texts, since how a value is written is half of what is tried.

export const STRINGS = [
  '""', '"a"', '"0"', '"true"', '"é"', '"日本"', '"😀"', '"\\ud83d\\ude00"', '"\\ud83d"', '"\\ude00x"', '"\\ud83d\\ud83d"',
  '"\\u0000"', '"\\u2028\\u2029"', '"\u2028\u2029"', '"\\"\\\\\\/\\b\\f\\n\\r\\t"', '"\\u0041\\u00e9"', '"</script>"',
  '"a,b:c"', '"%41+%"', '" "', '"\u007f"', '"\\u001f"', '"\ufeff"', '"__proto__"', '"\uffff"', '"&=;?#"',
];

export const NUMBERS = [
  '0', '-0', '1', '-1', '1.0', '0.5', '1e3', '1E+2', '1e-7', '1e21', '123456789012', '9007199254740993',
  '12345678901234567890', '0.1', '1.7976931348623157e308', '5e-324', '1e-400', '100000000000000000000', '-1.50',
];

export const OBJECTS = [
  '{}', '{"a":1}', '{"b":{"c":[]}}', '{"":0}', '{"a":1,"a":2}', '{"2":"b","1":"a"}', '{ "a" : [ 1 , 2 ] }', '{"toString":"x"}',
  '{"constructor":1}', '{"\\u0061":"escaped"}', '{"hasOwnProperty":null}', '{"toJSON":1}', '{"channel":"/a"}',
];

export const ARRAYS = ['[]', '[1]', '["/a"]', '[null]', '[[]]', '[[1],[2,[3]]]', '[{}]', '[ 1 ,\t2 ]', '["a","b"]', '[true,null,"x"]'];

const NAMES = ['a', 'b', 'key', '', 'é', '1', 'data', 'id', 'channel', 'advice', '\\u0061', '__proto__', 'length'];

export const scalar = (random) => random.weigh([
  [4, random.pick(STRINGS)], [4, random.pick(NUMBERS)], [1, 'true'], [1, 'false'], [1, 'null'],
]);

// Any JSON value.
export const odd = (random) => random.weigh([[4, scalar(random)], [1, random.pick(OBJECTS)], [1, random.pick(ARRAYS)]]);

const space = (random) => (random.chance(0.03) ? random.pick([' ', '\n', '\t', '\r\n', '  ']) : '');

// `members`: [name as written between quotes, value text] in order, some maybe twice.
export function object(random, members) {
  const written = members.map(([name, value]) =>
    `${space(random)}"${name}"${space(random)}:${space(random)}${value}${space(random)}`);
  return `{${written.join(',') || space(random)}}`;
}

export const array = (random, items) =>
  `[${items.map((item) => space(random) + item + space(random)).join(',') || space(random)}]`;

// What a message may carry: now and then large, deep or rare.
export function data(random, depth = 0) {
  if (depth === 0 && random.chance(0.02)) {
    const levels = random.between(5, 300);
    return random.pick([`${'['.repeat(levels)}${']'.repeat(levels)}`, `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`]);
  }
  if (depth === 0 && random.chance(0.01)) return `"${random.pick(['x', 'é', '😀', '\\n', '\\"']).repeat(random.between(1000, 20000))}"`;
  if (depth === 0 && random.chance(0.02)) return random.pick(['1e400', '-1e400', '{"__proto__":1}', '[{"__proto__":{"a":1},"b":2}]']);
  if (depth > 3 || random.chance(0.6)) return odd(random);
  const width = random.below(4);
  if (random.chance(0.5)) return array(random, random.times(width, () => data(random, depth + 1)));
  return object(random, random.times(width, () => [random.pick(NAMES.slice(0, 11)), data(random, depth + 1)]));
}

// Now and then a letter of a name is written as an escape.
export const name = (random, plain) => {
  if (!plain || !random.chance(0.01)) return plain;
  const at = random.below(plain.length);
  return `${plain.slice(0, at)}\\u00${plain.charCodeAt(at).toString(16)}${plain.slice(at + 1)}`;
};

const GOOD_NAMES = ['/a', '/b', '/a/b', '/a/b/c', '/b/a', '/a/b/c/d/e', '/A', '/-_!~()$@', '/0', '/metas/a', '/Meta/a', '/services/a'];
const PATTERNS = ['/*', '/**', '/a/*', '/a/**', '/a/b/*', '/a/b/**', '/b/*', '/x/**', '/-_!~()$@/**'];
const BAD_NAMES = [
  '', '/', 'a', '/a/', '//a', '/a//b', '/a b', ' /a', '/a ', '/a.b', '/a+b', '/a:b', '/a,b', '/a%2Fb', '/é', '/a\\n', '/a\\u0000',
  '/a*', '/***', '/a/***', '/a/*/b', '/**/a', '/a/**b', '*', '/a\\\\b', '/a?b', '/a#b', '/a=b', '/\\ud800', '/[a]', '/a&b',
];
const META = ['/meta', '/meta/*', '/meta/**', '/meta/', '/meta/x', '/meta/x/y', '/meta/handshake/', '/meta/handshake/x', '/meta/connect/*'];
const SERVICE = ['/service', '/service/*', '/service/**', '/service/', '/service/x', '/service/x/y'];
// A little below fayed's limit on names, since damage may add to it.
const LONG = [`/${'x'.repeat(250)}`, '/a'.repeat(16), '/a\\/b', '\\u002fa'];

// Channels as texts between quotes.
export const channelToPublish = (random) => random.weigh([
  [20, random.pick(GOOD_NAMES.slice(0, 5))], [4, random.pick(GOOD_NAMES)], [1, random.pick(BAD_NAMES)],
  [1, random.pick(PATTERNS)], [1, random.pick(META)], [1, random.pick(SERVICE)], [1, random.pick(LONG)],
]);

export const channelToHear = (random) => random.weigh([
  [10, random.pick(GOOD_NAMES.slice(0, 5))], [3, random.pick(GOOD_NAMES)], [8, random.pick(PATTERNS)],
  [1, random.pick(BAD_NAMES)], [1, random.pick(META)], [1, random.pick(SERVICE)], [1, random.pick(LONG)],
]);
