// Streams of server-sent events: bound by their opening, fed at once, replaced by what is newer, ended with their session.
import assert from 'node:assert/strict';
import { Session, freshChannel, send } from '../lib/bayeux.mjs';
import { Events, opening } from '../lib/events.mjs';
import { test } from '../lib/harness.mjs';
import { Pipeline } from '../lib/pipeline.mjs';
import { cpuSeconds, residentBytes, hidesItsMemory, whileFrozen } from '../lib/proc.mjs';
import { Socket } from '../lib/socket.mjs';
import { Tcp } from '../lib/tcp.mjs';
import { sleep, within } from '../lib/wait.mjs';

const data = (messages) => messages.map((message) => message.data);
const numbers = (count, from = 0) => Array.from({ length: count }, (_, index) => from + index);

async function subscribed(url, channel = freshChannel('events')) {
  const session = await Session.open(url);
  await session.subscribe(channel);
  return { session, channel };
}

const connectEvents = (session, fields) => session.poll({ connectionType: 'eventsource', ...fields });
const closed = (events) => within(events.closed, () => 'the stream to end');

test('events: the head is Faye\'s, and a word to proxies', async (t) => {
  const { url, port } = await t.server({ timeout: 60 });
  const { session } = await subscribed(url);
  const events = await Events.open(t, port, session.clientId);
  const lines = events.head.trimEnd().split('\r\n');
  assert.equal(lines[0], 'HTTP/1.1 200 OK');
  assert.deepEqual(lines.slice(1).sort(), [
    'Cache-Control: no-cache, no-store', 'Connection: close', 'Content-Type: text/event-stream', 'X-Accel-Buffering: no',
  ]);
  await session.publish(freshChannel(), 1);
  assert.equal(events.retry, 5000);
});

test('events: what waited comes when the stream opens, then what is new, in order', async (t) => {
  const { url, port } = await t.server({ timeout: 60 });
  const { session, channel } = await subscribed(url);
  await send(url, numbers(50).map((number) => ({ channel, data: number })));
  const events = await Events.open(t, port, session.clientId);
  assert.deepEqual(await events.has(50), numbers(50));
  await send(url, numbers(50, 50).map((number) => ({ channel, data: number })));
  assert.deepEqual(await events.has(100), numbers(100));
  const { reply, messages } = await connectEvents(session);
  assert.deepEqual(reply.advice, { reconnect: 'retry', interval: 60000, timeout: 0 });
  assert.deepEqual(messages, []);
});

test('events: on a connection that was used before, as browsers do', async (t) => {
  const { url, port } = await t.server({ timeout: 60 });
  const pipeline = await Pipeline.open(t, port);
  const [[{ clientId }]] = await pipeline.ask([{ channel: '/meta/handshake', version: '1.0', supportedConnectionTypes: ['eventsource'], id: '1' }]);
  const channel = freshChannel('late');
  await pipeline.ask([{ channel: '/meta/subscribe', clientId, subscription: channel, id: '2' }]);
  const events = await Events.open(t, port, clientId, { tcp: pipeline.tcp });
  assert.equal(events.status, 200);
  await send(url, numbers(300).map((number) => ({ channel, data: number })).slice(0, 100));
  assert.deepEqual(await events.has(100), numbers(100));
  await send(url, [{ channel: '/meta/disconnect', clientId, id: '3' }]);
  await closed(events);
});

test('events: pipelined behind a batch', async (t) => {
  const { url, port } = await t.server({ timeout: 60 });
  const { session, channel } = await subscribed(url);
  const tcp = await Tcp.open(t, port), body = JSON.stringify([{ channel, data: 'before' }]);
  tcp.write(Buffer.concat([
    Buffer.from(`POST /bayeux HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`),
    opening(port, session.clientId),
  ]));
  await tcp.until(/text\/event-stream[^]*data: \[\{[^\r]*"before"\}\]\r\n\r\n/);
});

for (const [name, clientId, lines] of [
  ['an id that nobody has', 'nobody'], ['no id', ''], ['an id of 7 kB', 'x'.repeat(7000)],
  ['an id that nobody has, with a body to come', 'nobody', ['Content-Length: 3']],
]) {
  test(`events: ${name} is a 404, fresh or kept alive`, async (t) => {
    const { url, port } = await t.server({ timeout: 60, 'limit-header-bytes': '16k' });
    const fresh = await Tcp.open(t, port);
    fresh.write(Buffer.concat([opening(port, clientId, lines), Buffer.from(lines ? 'abc' : '')]));
    assert.match(await fresh.until(/\r\n\r\n/), /^HTTP\/1.1 404 /);
    const { session } = await subscribed(url);
    assert.equal((await Events.open(t, port, session.clientId)).status, 200);
  });
}

test('events: a query behind the id does no harm', async (t) => {
  const { url, port } = await t.server({ timeout: 60 });
  const { session, channel } = await subscribed(url);
  const events = await Events.open(t, port, `${session.clientId}/${session.clientId}?_=1`); // Faye 1.1.0 says it twice
  await session.publish(channel, 'x');
  assert.deepEqual(await events.has(1), ['x']);
});

test('events: a disconnect ends the stream behind what was under way', async (t) => {
  const { url, port } = await t.server({ timeout: 60 });
  const { session, channel } = await subscribed(url);
  const events = await Events.open(t, port, session.clientId);
  await send(url, [...numbers(90).map((number) => ({ channel, data: number })), session.message('/meta/disconnect')]);
  await closed(events);
  assert.deepEqual(events.data, numbers(90));
});

test('events: a forgotten client\'s stream ends', async (t) => {
  const { url, port } = await t.server({ timeout: 1 });
  const { session } = await subscribed(url);
  const events = await Events.open(t, port, session.clientId);
  await closed(events);
  assert.equal((await session.ask('/meta/connect', { connectionType: 'eventsource' })).error?.slice(0, 4), '401:');
});

test('events: connects keep the client and its stream alive', async (t) => {
  const { url, port } = await t.server({ timeout: 1 });
  const { session, channel } = await subscribed(url);
  const events = await Events.open(t, port, session.clientId);
  for (let i = 0; i < 6; i++) {
    await sleep(500);
    await connectEvents(session);
  }
  await session.publish(channel, 'still');
  assert.deepEqual(await events.has(1), ['still']);
});

test('events: a newer stream takes over; the older one ends and, ending late, does no harm', async (t) => {
  const { url, port } = await t.server({ timeout: 60 });
  const { session, channel } = await subscribed(url);
  const first = await Events.open(t, port, session.clientId);
  await session.publish(channel, 1);
  await first.has(1);
  const second = await Events.open(t, port, session.clientId);
  await closed(first);
  await session.publish(channel, 2);
  assert.deepEqual(await second.has(1), [2]);
  assert.deepEqual(first.data, [1]);
});

test('events: a socket takes over from a stream, and a stream from a socket', async (t) => {
  const { url, port } = await t.server({ timeout: 60 });
  const { session, channel } = await subscribed(url);
  const first = await Events.open(t, port, session.clientId);
  await session.publish(channel, 1);
  await first.has(1);
  const socket = await Socket.open(t, url);
  await socket.connect(session);
  await closed(first);
  await session.publish(channel, 2);
  assert.deepEqual(data(await socket.delivered(1)), [2]);
  await socket.ask({ channel: freshChannel('fence'), data: 1 });
  const second = await Events.open(t, port, session.clientId);
  await session.publish(channel, 3);
  socket.ws.terminate();
  await session.publish(channel, 4);
  const seen = await second.hears(4);
  assert.deepEqual(seen.filter((number) => number > 2), [3, 4]); // what the socket had may come again: its pong was on its way
});

// Faye's client goes on by long-polling until the browser tells it that the stream is open, which the server knows
// before: a poll behind the opening is no word against the stream.
test('events: a poll gets what comes until a connect tells that the stream is known to be open', async (t) => {
  const { url, port } = await t.server({ timeout: 60 });
  const { session, channel } = await subscribed(url);
  const events = await Events.open(t, port, session.clientId);
  await session.publish(channel, 1);
  await events.has(1);
  const held = await session.hold();
  await session.publish(channel, 2);
  assert.deepEqual(data((await held.replies()).slice(1)), [2]);
  await session.publish(channel, 3);
  await connectEvents(session);
  await session.publish(channel, 4);
  assert.deepEqual(await events.has(3), [1, 3, 4]);
});

test('events: a stream that ends or is replaced while a poll has its messages takes nothing with it', async (t) => {
  const { url, port } = await t.server({ timeout: 60 });
  const { session, channel } = await subscribed(url);
  const first = await Events.open(t, port, session.clientId);
  const held = await session.hold();
  first.cut();
  await closed(first);
  await session.publish(channel, 1);
  assert.deepEqual(data((await held.replies()).slice(1)), [1]);
  const second = await Events.open(t, port, session.clientId);
  await session.poll();
  const third = await Events.open(t, port, session.clientId);
  await closed(second);
  await session.publish(channel, 2);
  assert.deepEqual(await third.has(1), [2]);
  await session.poll();
  await session.ask('/meta/disconnect');
  await closed(third);
  assert.deepEqual([...first.data, ...second.data], []);
});

test('events: what a poll may have brought waits for the next connect to tell', async (t) => {
  const { url, port } = await t.server({ timeout: 60 });
  const { session, channel } = await subscribed(url);
  await session.publish(channel, 1);
  const connect = session.connectMessage({ advice: { timeout: 0 } });
  const [, ...given] = await send(url, [connect]);
  assert.deepEqual(data(given), [1]);
  const events = await Events.open(t, port, session.clientId);
  await session.publish(channel, 2);
  await connectEvents(session); // another id: that answer arrived
  assert.deepEqual(await events.has(1), [2]);
  await session.publish(channel, 3);
  assert.deepEqual(await events.has(2), [2, 3]);
});

test('events: what was lost on the way comes by the next stream, once', async (t) => {
  const { url, port } = await t.server({ timeout: 60 });
  const { session, channel } = await subscribed(url);
  const first = await Events.open(t, port, session.clientId);
  await session.publish(channel, 0);
  await first.has(1);
  first.tcp.socket.pause(); // what comes now stays in kernels, or is cut off
  await send(url, numbers(20, 1).map((number) => ({ channel, data: number, ext: { padding: 'x'.repeat(40000) } })));
  first.cut();
  await closed(first);
  const second = await Events.open(t, port, session.clientId);
  await session.publish(channel, 'last');
  const all = (await second.hears('last')).slice(0, -1);
  // The peer's kernel had some in hand: those count as arrived. Behind the first that it had not, none is missing.
  assert.deepEqual(all, numbers(all.length, 21 - all.length));
  assert.ok(all.length > 0);
});

test('events: a stream that takes nothing is ended, and nothing is lost', async (t) => {
  const { url, port } = await t.server({ timeout: 60, 'limit-unsent-bytes': '1M', 'limit-queue-bytes': '100M' });
  const { session, channel } = await subscribed(url);
  const events = await Events.open(t, port, session.clientId);
  events.tcp.socket.pause();
  for (const number of numbers(20)) await session.publish(channel, { number, padding: 'x'.repeat(900000) });
  const { messages } = await session.poll(); // takes over
  const left = data(messages).map(({ number }) => number);
  assert.deepEqual(left, numbers(left.length, 20 - left.length));
  assert.ok(left.length >= 8, `${left.length} are left`); // kernels hold some megabytes
});

test('events: a stream that takes nothing for too long is ended', async (t) => {
  const { url, port } = await t.server({ timeout: 60, 'limit-stall': 1, 'limit-unsent-bytes': '100M' });
  const { session, channel } = await subscribed(url);
  const events = await Events.open(t, port, session.clientId);
  events.tcp.socket.pause();
  for (const number of numbers(20)) await session.publish(channel, { number, padding: 'x'.repeat(900000) });
  // The reset throws away what the client's kernel has: the end is seen although nothing is read.
  await closed(events).catch(() => events.tcp.socket.resume());
  events.tcp.socket.resume();
  await closed(events);
});

test('events: comments come each ping, ten seconds apart by default', async (t) => {
  const { url, port } = await t.server({ timeout: 60, ping: 0.1 });
  const { session } = await subscribed(url);
  const events = await Events.open(t, port, session.clientId);
  await events.comments.has(3);
  const plain = await t.server({ timeout: 60, ping: 0 });
  const other = await subscribed(plain.url);
  const quiet = await Events.open(t, plain.port, other.session.clientId);
  await quiet.comments.has(1);
});

test('events: opened, published to and disconnected in one turn', async (t) => {
  const server = await t.server({ timeout: 60 });
  const { url, port } = server, { session, channel } = await subscribed(url);
  const tcp = await Tcp.open(t, port), other = await Tcp.open(t, port);
  const batch = JSON.stringify([{ channel, data: 'x' }, session.message('/meta/disconnect')]);
  await whileFrozen(server, async () => {
    await tcp.write(opening(port, session.clientId));
    await other.write(`POST /bayeux HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${batch.length}\r\n\r\n${batch}`);
    await sleep(50);
  });
  // Which of the two comes first is open: a stream that ends, or nobody there any more.
  await Promise.any([tcp.end(), tcp.until(/^HTTP\/1\.1 404 /)]);
  await other.until(/"successful":true/);
});

test('events: a thousand streams open and cut, on connections of both sorts, leave nothing', async (t) => {
  const server = await t.server({ timeout: 60 });
  const { url, port } = server, { session, channel } = await subscribed(url);
  const round = async () => {
    for (let i = 0; i < 50; i++) {
      const pipeline = await Pipeline.open(t, port);
      if (i % 2) await pipeline.ask([{ channel: freshChannel(), data: 1 }]);
      const events = await Events.open(t, port, session.clientId, { tcp: pipeline.tcp });
      if (i % 3) await session.publish(channel, i);
      events.cut();
    }
  };
  await round();
  const before = residentBytes(server);
  for (let i = 0; i < 20; i++) await round();
  if (!hidesItsMemory(server)) assert.ok(residentBytes(server) < before + 2 ** 20, `${residentBytes(server) - before} bytes more`);
  const used = cpuSeconds(server);
  await sleep(1500);
  assert.ok(cpuSeconds(server) - used < 0.3);
});

test('events: SIGTERM ends streams on connections of both sorts', async (t) => {
  const server = await t.server({ timeout: 60 });
  const { session } = await subscribed(server.url), { session: second } = await subscribed(server.url);
  const pipeline = await Pipeline.open(t, server.port);
  await pipeline.ask([{ channel: freshChannel(), data: 1 }]);
  const late = await Events.open(t, server.port, session.clientId, { tcp: pipeline.tcp });
  const fresh = await Events.open(t, server.port, second.clientId);
  server.signal('SIGTERM');
  await Promise.all([closed(late), closed(fresh)]);
});
