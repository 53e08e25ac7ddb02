// What a peer may cost is bounded, and it is told clearly. At the limit all is well; one more is refused, and a refused
// batch has done nothing.
import assert from 'node:assert/strict';
import { Session, exchange, freshChannel, handshake, send } from '../lib/bayeux.mjs';
import { test } from '../lib/harness.mjs';
import { Socket } from '../lib/socket.mjs';
import { Tcp, rawExchange, request, upgrade } from '../lib/tcp.mjs';

const MIB = 1 << 20;
const head = (port, ...more) => ['POST /bayeux HTTP/1.1', `Host: 127.0.0.1:${port}`, 'Content-Type: application/json', ...more];

async function subscribed(url, channel = freshChannel('limit')) {
  const session = await Session.open(url);
  await session.subscribe(channel);
  return { session, channel };
}

// A publish padded with blanks to `size` bytes.
const padded = (channel, size) => JSON.stringify([{ channel, data: 1, id: 'p' }]).padEnd(size);

test('limits: a body of 1 MiB passes, one byte more does not', async (t) => {
  const { url } = await t.server();
  const { session, channel } = await subscribed(url);
  assert.equal((await exchange(url, padded(channel, MIB))).status, 200);
  assert.equal((await session.poll()).messages.length, 1);
  const { port } = new URL(url);
  for (const more of [[], ['Expect: 100-continue']]) {
    // Not a byte of the body is sent: the length alone is answered.
    const answer = await rawExchange(t, port, request(head(port, `Content-Length: ${MIB + 1}`, ...more)));
    assert.equal(answer.status, 413);
  }
});

test('limits: a chunked body over 1 MiB', async (t) => {
  const { url, port } = await t.server();
  const { session, channel } = await subscribed(url);
  const piece = padded(channel, 65536);
  const tcp = await Tcp.open(t, port);
  tcp.write(request(head(port, 'Transfer-Encoding: chunked')));
  for (let sent = 0; sent <= MIB; sent += piece.length) {
    tcp.write(`${piece.length.toString(16)}\r\n${sent ? ' '.repeat(piece.length) : piece}\r\n`);
  }
  tcp.write('0\r\n\r\n');
  assert.match(await tcp.until(/\r\n\r\n/), /^HTTP\/1\.1 413 /);
  assert.deepEqual((await session.poll()).messages, []);
});

test('limits: a WebSocket message of 1 MiB passes, one byte more closes with 1009', async (t) => {
  const { url } = await t.server();
  const { session, channel } = await subscribed(url);
  const socket = await Socket.open(t, url);
  socket.send(padded(channel, MIB));
  await socket.frames.has(1);
  assert.equal((await session.poll()).messages.length, 1);
  socket.send(padded(channel, MIB + 1));
  assert.equal((await socket.closed).code, 1009);

  const pieces = await Socket.open(t, url);
  const half = padded(channel, MIB / 2);
  for (const fin of [false, false, true]) pieces.ws.send(half, { fin, binary: false });
  assert.equal((await pieces.closed).code, 1009);
  assert.deepEqual((await session.poll()).messages, []);
});

const batch = (channel, count) => Array.from({ length: count }, (_, index) => ({ channel, data: index, id: `b${index}` }));
const nested = (channel, depth) => `[{"channel":"${channel}","id":"n","data":${'['.repeat(depth - 2)}${']'.repeat(depth - 2)}}]`;

for (const [what, good, bad] of [
  ['100 messages in a batch', (channel) => JSON.stringify(batch(channel, 100)), (channel) => JSON.stringify(batch(channel, 101))],
  ['64 levels of nesting', (channel) => nested(channel, 64), (channel) => nested(channel, 65)],
]) {
  test(`limits: ${what}`, async (t) => {
    const { url } = await t.server();
    const { session, channel } = await subscribed(url);
    const socket = await Socket.open(t, url);

    assert.equal((await exchange(url, good(channel))).status, 200);
    const count = (await session.poll()).messages.length;
    socket.send(good(channel));
    await socket.frames.has(1);
    assert.equal((await session.poll()).messages.length, count);

    assert.equal((await exchange(url, bad(channel))).status, 400);
    socket.send(bad(channel));
    const [reply] = JSON.parse((await socket.frames.has(2))[1]);
    assert.equal(reply.successful, false);
    assert.deepEqual((await session.poll()).messages, []);
    assert.equal((await socket.ask({ channel: freshChannel(), data: 1 })).successful, true);
  });
}

test('limits: thousands of brackets end nothing', async (t) => {
  const { url } = await t.server();
  const { session, channel } = await subscribed(url);
  for (const depth of [3000, 100000]) {
    for (const bracket of ['[', '{"a":']) {
      const deep = bracket.repeat(depth), end = (bracket === '[' ? ']' : '1}').repeat(depth);
      for (const body of [deep, `[{"channel":"${channel}","data":${deep}${end}}]`, `[{"channel":"/meta/connect","id":${deep}${end}}]`]) {
        assert.equal((await exchange(url, body)).status, 400);
      }
    }
  }
  assert.deepEqual((await session.poll()).messages, []);
});

test('limits: a head over 8 KiB is refused with 431', async (t) => {
  const { port } = await t.server();
  const body = JSON.stringify([{ channel: '/limits/head', data: 1 }]);
  const withCookie = (size, ...more) => request(head(port, `Content-Length: ${body.length}`, `Cookie: ${'c'.repeat(size)}`, ...more), body);
  assert.equal((await rawExchange(t, port, withCookie(6000))).status, 200);
  assert.equal((await rawExchange(t, port, withCookie(9000))).status, 431);
  const some = Array.from({ length: 200 }, (_, index) => `X-Header-${index}: some words`);
  assert.equal((await rawExchange(t, port, request(head(port, `Content-Length: ${body.length}`, ...some), body))).status, 200);
  const many = Array.from({ length: 2000 }, (_, index) => `X-${index}: 1`);
  assert.equal((await rawExchange(t, port, request(head(port, `Content-Length: ${body.length}`, ...many), body))).status, 431);
  const upgrading = upgrade(port).toString('latin1').trimEnd().split('\r\n');
  assert.equal((await rawExchange(t, port, request([...upgrading, `Cookie: ${'c'.repeat(6000)}`]))).status, 101);
  assert.equal((await rawExchange(t, port, request([...upgrading, `Cookie: ${'c'.repeat(9000)}`]))).status, 431);
});

test('limits: channels of 256 bytes and 16 segments', async (t) => {
  const { url } = await t.server();
  const session = await Session.open(url);
  const segments = (count) => '/s'.repeat(count);
  for (const good of [`/${'c'.repeat(255)}`, segments(16)]) {
    await session.subscribe(good);
    await session.publish(good, 1);
  }
  assert.equal((await session.poll()).messages.length, 2);
  for (const bad of [`/${'c'.repeat(256)}`, segments(17)]) {
    for (const reply of [await session.ask('/meta/subscribe', { subscription: bad }), await session.ask(bad, { data: 1 })]) {
      assert.equal(reply.successful, false);
      assert.match(reply.error, /^403:/);
    }
  }
  assert.deepEqual((await session.poll()).messages, []);
});

test('limits: 1,000 subscriptions of a session', async (t) => {
  const { url } = await t.server();
  const session = await Session.open(url), base = freshChannel('many');
  for (let first = 0; first < 1000; first += 250) {
    await session.subscribe(...Array.from({ length: 250 }, (_, index) => `${base}/${first + index}`));
  }
  const more = await session.ask('/meta/subscribe', { subscription: `${base}/more` });
  assert.equal(more.successful, false);
  assert.match(more.error, /^403:/);
  await session.subscribe(`${base}/7`); // it has that already
  for (const name of ['0', '999', 'more']) await session.publish(`${base}/${name}`, name);
  assert.deepEqual((await session.poll()).messages.map(({ data }) => data), ['0', '999']);
  await session.ask('/meta/unsubscribe', { subscription: `${base}/7` });
  await session.subscribe(`${base}/more`);
});

test('limits: 10,000 waiting messages, then the session goes', async (t) => {
  const { url } = await t.server({ timeout: 60 });
  const { session, channel } = await subscribed(url), other = await subscribed(url);
  for (let first = 0; first < 10000; first += 100) {
    await send(url, Array.from({ length: 100 }, (_, index) => ({ channel, data: first + index })));
  }
  const { messages } = await session.poll();
  assert.deepEqual(messages.map(({ data }) => data), Array.from({ length: 10000 }, (_, index) => index));

  for (let count = 0; count < 101; count++) await send(url, Array(100).fill({ channel, data: 'too many' }));
  const [reply] = await send(url, [session.connectMessage()]);
  assert.equal(reply.error, `401:${session.clientId}:Unknown client`);
  assert.equal(reply.advice.reconnect, 'handshake');
  await other.session.publish(other.channel, 'unharmed');
  assert.equal((await other.session.poll()).messages.length, 1);
});

test('limits: 4 MiB of waiting messages, then the session goes', async (t) => {
  const { url } = await t.server({ timeout: 60 });
  const { session, channel } = await subscribed(url);
  const data = 'x'.repeat(1000000);
  for (let count = 0; count < 4; count++) await session.publish(channel, data);
  assert.equal((await session.poll()).messages.length, 4);
  for (let count = 0; count < 5; count++) assert.equal((await send(url, [{ channel, data }]))[0].successful, true);
  assert.match((await send(url, [session.connectMessage()]))[0].error, /^401:/);
});

test('limits: drop-oldest keeps the session and its newest messages', async (t) => {
  const { url } = await t.server({ timeout: 60, 'limit-queue-messages': 10, 'limit-overflow': 'drop-oldest' });
  const { session, channel } = await subscribed(url);
  await send(url, batch(channel, 25));
  assert.deepEqual((await session.poll()).messages.map(({ data }) => data), [15, 16, 17, 18, 19, 20, 21, 22, 23, 24]);
});

const numbers = Array.from({ length: 30 }, (_, index) => index);
const padding = 'x'.repeat(900000);

// 30 large messages are more than kernels hold for a socket and 4 MiB on top.
test('limits: a socket that takes nothing is closed with 1008, its session stays', async (t) => {
  const { url } = await t.server({ timeout: 60, 'limit-queue-bytes': '1G' });
  const { session, channel } = await subscribed(url);
  const socket = await Socket.open(t, url);
  await socket.connect(session);
  socket.ws.pause();
  for (const number of numbers) await session.publish(channel, { number, padding });
  socket.ws.resume();
  assert.equal((await socket.closed).code, 1008);
  const seen = socket.deliveries.map(({ data }) => data.number);
  assert.deepEqual(seen, numbers.slice(0, seen.length));
  assert.ok(seen.length < numbers.length);
  const { messages } = await session.poll();
  const rest = messages.map(({ data }) => data.number);
  assert.deepEqual(rest, numbers.slice(-rest.length));
  assert.ok(seen.length + rest.length >= numbers.length, 'nothing lost between socket and poll');
});

// Who reads as fast as he can is not too slow, however much has waited for him.
test('limits: more than a socket may have unsent waits, and arrives all the same', async (t) => {
  const { url } = await t.server({ timeout: 60, 'limit-queue-bytes': '1G' });
  const { session, channel } = await subscribed(url);
  for (const number of numbers) await session.publish(channel, { number, padding });
  const socket = await Socket.open(t, url);
  socket.connect(session).catch(() => {}); // `ended` tells
  const ended = socket.closed.then(({ code }) => assert.fail(`closed with ${code}`));
  const messages = await Promise.race([socket.delivered(numbers.length), ended]);
  assert.deepEqual(messages.map(({ data }) => data.number), numbers);
});

test('limits: sessions at once', async (t) => {
  const { url } = await t.server({ 'limit-sessions': 3 });
  const sessions = [await Session.open(url), await Session.open(url), await Session.open(url)];
  const answer = await exchange(url, [handshake()]);
  assert.ok(answer.status === 503 || answer.json[0].successful === false, answer.text);
  await sessions[0].ask('/meta/disconnect');
  await Session.open(url);
});
