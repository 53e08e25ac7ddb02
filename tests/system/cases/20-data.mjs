// `data` is not ours to touch: its bytes come out as they went in, less white space between tokens. Looked at
// without a JSON parser, which would do to them what the test is about.
import assert from 'node:assert/strict';
import { Session, exchange, freshChannel } from '../lib/bayeux.mjs';
import { test } from '../lib/harness.mjs';
import { Socket } from '../lib/socket.mjs';

const nested = (depth) => '['.repeat(depth) + ']'.repeat(depth);

const hazards = {
  'big integers': '[12345678901234567890,9007199254740993,-9223372036854775809,1000000000000000000000000000000]',
  'numbers that JavaScript would respell': '[1.0,1e2,1E+2,-0,-0.0,0.1,0.30000000000000004,1e-7,100000000000000000000]',
  'numbers beyond a double': '[1e400,-1e400,1e-400]',
  'a NUL in a string': '"a\\u0000b"',
  'a NUL in a key': '{"a\\u0000b":1}',
  'lone surrogates': '["\\ud83d","\\ude00\\ud83d","x\\uDC00y"]',
  'repeated keys': '{"a":1,"b":2,"a":3}',
  'the order of keys': '{"10":1,"9":2,"b":3,"a":4,"-1":5}',
  'dangerous keys': '{"__proto__":{"x":1},"constructor":null,"toString":2,"":3}',
  'escaped slashes': '"<\\/script>/\\/"',
  'needless and short escapes': '"\\u0041\\u00e9\\u20AC\\n\\t\\b\\f\\r\\"\\\\"',
  'unicode as it is': '"é€😀\u2028\u2029\u007f\ufeff\ufffe"',
  'unicode escaped': '"\\u00e9\\u20ac\\ud83d\\ude00\\u2028"',
  'empty things': '[{},[],"",[[]],[{}],{"":{}}]',
  'literals': '[true,false,null]',
  'null alone': 'null',
  'false alone': 'false',
  'zero alone': '0',
  'an empty string alone': '""',
  'nesting': nested(60),
  '900 KiB in one string': `"${'0123456789abcdef'.repeat(900 * 64)}"`,
  'what looks like protocol': '[{"channel":"/meta/disconnect","successful":true,"advice":{"reconnect":"none"},"clientId":"x"}]',
};

// The text that carries it, cut out: everything between `"data":` and the field behind it.
function dataIn(text) {
  const start = text.indexOf('"data":') + '"data":'.length;
  const end = text.lastIndexOf(',"after":7');
  assert.ok(start >= 7 && end > start, text.slice(0, 500));
  return text.slice(start, end);
}

// By hand, for JSON.stringify would clean it up.
const publication = (channel, data) => Buffer.from(`[{"channel":"${channel}","id":"p","data":${data},"after":7}]`);

async function overLongPolling(t, server, channel, data) {
  const session = await Session.open(server.url);
  await session.subscribe(channel);
  const { status, text } = await exchange(server.url, publication(channel, data));
  assert.equal(status, 200, text);
  return (await session.connect().answer).text;
}

async function overWebSocket(t, server, channel, data) {
  const session = await Session.open(server.url);
  await session.subscribe(channel);
  const socket = await Socket.open(t, server.url);
  await socket.connect(session);
  socket.send(publication(channel, data).toString());
  await socket.delivered(1);
  return socket.frames.items.find((frame) => frame.includes('"after":7'));
}

for (const [way, deliver] of Object.entries({ 'long-polling': overLongPolling, websocket: overWebSocket })) {
  test(`data: passes byte for byte over ${way}`, async (t) => {
    const server = await t.server();
    for (const [what, data] of Object.entries(hazards)) {
      const text = await deliver(t, server, freshChannel('data'), data);
      assert.ok(dataIn(text) === data, `${what}: sent ${data.slice(0, 300)}, got ${dataIn(text).slice(0, 300)}`);
    }
  });

  test(`data: white space inside strings stays, over ${way}`, async (t) => {
    const server = await t.server();
    const data = ' {\t"a b" :\r\n [ 1 , " 2 \\" , : " ] }\n';
    const tight = '{"a b":[1," 2 \\" , : "]}';
    const text = await deliver(t, server, freshChannel('data'), data);
    assert.ok([data, data.trim(), tight].includes(dataIn(text)), `got ${dataIn(text)}`);
    assert.ok(!/[\r\n]/.test(text), 'no raw line breaks'); // EventSource lines could not hold them
  });

  test(`data: fields that are not ours pass too, over ${way}`, async (t) => {
    const server = await t.server();
    const channel = freshChannel('data');
    const text = await deliver(t, server, channel, '1,"ext":{"n":1.0,"big":12345678901234567890},"mine":[1e2]');
    assert.match(text, /"ext":\{"n":1\.0,"big":12345678901234567890\}/);
    assert.match(text, /"mine":\[1e2\]/);
  });
}

// Only the real Faye knows what passes through JavaScript, so this much it can do as well.
test('data: strings and empty things are equal after parsing', { faye: true }, async (t) => {
  const server = await t.server();
  for (const what of ['a NUL in a string', 'a NUL in a key', 'lone surrogates', 'unicode as it is', 'empty things']) {
    for (const deliver of [overLongPolling, overWebSocket]) {
      const messages = JSON.parse(await deliver(t, server, freshChannel('data'), hazards[what]));
      assert.deepEqual(messages.find(({ after }) => after === 7).data, JSON.parse(hazards[what]), what);
    }
  }
});
