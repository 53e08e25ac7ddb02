// Request heads that two servers in a row might read differently, or that nobody should send. Refused with a status
// that says so, or by closing; and never is anything done, nor a byte behind the head taken for a request.
import assert from 'node:assert/strict';
import { Session, exchange, freshChannel } from '../lib/bayeux.mjs';
import { test } from '../lib/harness.mjs';
import { Pipeline } from '../lib/pipeline.mjs';
import { Tcp, rawExchange, request, upgrade } from '../lib/tcp.mjs';

const POST = 'POST /bayeux HTTP/1.1', JSON_TYPE = 'Content-Type: application/json', CHUNKED = 'Transfer-Encoding: chunked';

// Ways to send `body`: with the given header lines, as it is or in one chunk.
function ways(port, body) {
  const inChunk = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
  return {
    host: `Host: 127.0.0.1:${port}`,
    size: body.length,
    length: `Content-Length: ${body.length}`,
    plain: (...lines) => request([POST, JSON_TYPE, ...lines], body),
    chunked: (...lines) => request([POST, JSON_TYPE, ...lines], inChunk),
  };
}

const bad = {
  'both Content-Length and Transfer-Encoding': ({ host, length, chunked }) => chunked(host, length, CHUNKED),
  'the same the other way round': ({ host, chunked }) => chunked(host, CHUNKED, 'Content-Length: 4'),
  'two Content-Lengths that differ': ({ host, length, plain }) => plain(host, length, 'Content-Length: 4'),
  'a Content-Length list': ({ host, length, plain }) => plain(host, `${length}, 4`),
  'a Content-Length with a sign': ({ host, size, plain }) => plain(host, `Content-Length: +${size}`),
  'a negative Content-Length': ({ host, plain }) => plain(host, 'Content-Length: -1'),
  'a Content-Length beyond 64 bits': ({ host, plain }) => plain(host, 'Content-Length: 18446744073709551617'),
  'a blank before the colon': ({ host, size, plain }) => plain(host, `Content-Length : ${size}`),
  'a tab before the colon': ({ host, length, plain }) => plain(host, length, 'X-A\t: 1'),
  'two Hosts': ({ host, length, plain }) => plain(host, 'Host: elsewhere', length),
  'no Host': ({ length, plain }) => plain(length),
  'a Transfer-Encoding that is not chunked': ({ host, chunked }) => chunked(host, 'Transfer-Encoding: gzip'),
  'a Transfer-Encoding with more than chunked': ({ host, chunked }) => chunked(host, 'Transfer-Encoding: gzip, chunked'),
  'two Transfer-Encodings': ({ host, chunked }) => chunked(host, 'Transfer-Encoding: identity', CHUNKED),
  'a bad chunk size': ({ host, plain }) => plain(host, CHUNKED),
  'a NUL in a value': ({ host, length, plain }) => plain(host, length, 'X-A: a\0b'),
  'a NUL in a name': ({ host, length, plain }) => plain(host, length, 'X\0A: b'),
  'a folded header': ({ host, length, plain }) => plain(host, length, 'X-A: one', ' two'),
  'a folded first header': ({ host, length }) => request([POST, ` ${host}`, host, length]),
  'bare line feeds': ({ host, length, plain }) => Buffer.from(plain(host, length).toString('latin1').replaceAll('\r', '')),
  'one bare line feed': ({ host, length, plain }) => plain(`${host}\nX-A: 1`, length),
  'a name that is no token': ({ host, length, plain }) => plain(host, length, 'X(A): 1'),
  'an empty name': ({ host, length, plain }) => plain(host, length, ': 1'),
  'a header without a colon': ({ host, length, plain }) => plain(host, length, 'nonsense'),
};

for (const [what, bytes] of Object.entries(bad)) {
  test(`heads: ${what}`, async (t) => {
    const { url, port } = await t.server();
    const session = await Session.open(url), channel = freshChannel('smuggled');
    await session.subscribe(channel);
    const way = ways(port, JSON.stringify([{ channel, data: 'must not come', id: 'x' }]));
    // What is behind a refused head must not become a request: here a publish would show.
    const answer = await rawExchange(t, port, Buffer.concat([bytes(way), way.plain(way.host, way.length)]));
    const { status, text } = answer;
    assert.ok(status === 0 || status === 501 || (status >= 400 && status < 500), `answered with ${text}`);
    await answer.tcp.end();
    assert.equal(answer.text.match(/HTTP\/1\.[01] \d{3}/g)?.length ?? 0, status ? 1 : 0, 'one answer at most');
    assert.deepEqual((await session.poll()).messages, []);
  });
}

// The other side of the same coin: what is right must pass.
test('heads: a proper chunked body, in many pieces', { faye: true }, async (t) => {
  const { port } = await t.server();
  const tcp = await Tcp.open(t, port);
  const chunks = [...JSON.stringify([{ channel: '/heads/fine', data: 1, id: 'x' }])].map((byte) => `1\r\n${byte}\r\n`);
  const bytes = request([POST, `Host: 127.0.0.1:${port}`, JSON_TYPE, CHUNKED], `${chunks.join('')}0\r\n\r\n`);
  for (let at = 0; at < bytes.length; at += 7) await tcp.write(bytes.subarray(at, at + 7));
  assert.match(await tcp.until(/"successful":true/), /^HTTP\/1\.1 200 /);
});

test('heads: garbage instead of HTTP', { faye: true }, async (t) => {
  const { port, url } = await t.server();
  for (const garbage of ['\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03', 'PRI * HTTP/2.0\r\n\r\nSM', '\0\0\0\0', 'SSH-2.0-x']) {
    const answer = await rawExchange(t, port, request([garbage]));
    assert.ok(answer.status === 0 || answer.status >= 400, answer.text);
  }
  await Session.open(url);
});

// Small in bytes, but libmicrohttpd keeps a record for each of their parts.
test('heads: too many parts on a fresh connection are refused with an answer', async (t) => {
  const { port, url } = await t.server();
  const host = `Host: 127.0.0.1:${port}`;
  for (const lines of [
    [`GET /bayeux?${'&'.repeat(500)}message=[] HTTP/1.1`, host],
    [`GET /bayeux?${'&'.repeat(4000)}message=[] HTTP/1.1`, host],
    ['GET /bayeux?message=[] HTTP/1.1', host, `Cookie: ${'a;'.repeat(500)}`],
  ]) {
    const answer = await rawExchange(t, port, request(lines));
    assert.equal(answer.status, 431, answer.text);
    await answer.tcp.end();
  }
  await Session.open(url);
});

// What libmicrohttpd makes of them must leave room for the answer: a publish that was done is answered.
test('heads: cookies with commas, as in JSON, do not cost the answer', async (t) => {
  const { url } = await t.server();
  for (let commas = 100; commas <= 120; commas++) {
    const headers = { Cookie: `prefs=${'1,'.repeat(commas)}` };
    const { status, json } = await exchange(url, [{ channel: freshChannel('commas'), data: commas }], { headers });
    assert.equal(status, 200);
    assert.equal(json[0].successful, true);
  }
});

// A later head on a connection has less room. What finds none is refused before anything is done.
test('heads: a long query on a connection that was kept alive is answered or not done', async (t) => {
  const { port, url } = await t.server();
  const session = await Session.open(url), channel = freshChannel('query');
  await session.subscribe(channel);
  const paddings = [['&', 80, 122, 3], ['a=b&', 70, 95, 2], ['x', 6500, 7900, 70]];
  for (const [padding, from, to, step] of paddings) {
    for (let count = from; count < to; count += step) {
      const pipeline = await Pipeline.open(t, port);
      await pipeline.ask([]);
      const before = pipeline.tcp.text.length, data = `${padding}${count}`;
      const message = encodeURIComponent(JSON.stringify([{ channel, data }]));
      const target = `/bayeux?${padding.repeat(count)}&message=${message}`;
      pipeline.tcp.write(request([`GET ${target} HTTP/1.1`, `Host: 127.0.0.1:${port}`, 'Connection: close']));
      const answered = (await pipeline.tcp.end()).slice(before).includes('"successful":true');
      const heard = (await session.poll()).messages.map((heard) => heard.data);
      assert.deepEqual(heard, answered ? [data] : [], `${count} times ${padding}`);
    }
  }
});

// Requests that end a real Faye (its holes 1 and 3).
test('heads: targets that are no paths', async (t) => {
  const { port, url } = await t.server();
  const [, ...upgradeLines] = upgrade(port).toString('latin1').trimEnd().split('\r\n');
  for (const target of ['//', 'http://[', '*', 'http://', '/%zz', '///', '?', '#', `/${'a'.repeat(3000)}`]) {
    for (const lines of [[`Host: 127.0.0.1:${port}`, 'Connection: close'], upgradeLines]) {
      const answer = await rawExchange(t, port, request([`GET ${target} HTTP/1.1`, ...lines]));
      assert.ok(answer.status === 0 || answer.status >= 400, `${target}: ${answer.text}`);
      answer.tcp.socket.destroy();
    }
  }
  await Session.open(url);
});
