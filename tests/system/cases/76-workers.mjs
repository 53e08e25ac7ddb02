// With many workers any connection may end up at any of them, whoever's session it is about: each client here has a
// new connection for each request, so nearly all go from one worker to another.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import { Session, freshChannel, handshake, send } from '../lib/bayeux.mjs';
import { Events } from '../lib/events.mjs';
import { test } from '../lib/harness.mjs';
import { Pipeline } from '../lib/pipeline.mjs';
import { Socket } from '../lib/socket.mjs';
import { Tcp, frame, upgrade } from '../lib/tcp.mjs';

const WORKERS = 8;
const many = (t, options) => t.server({ timeout: 60, workers: WORKERS, ...options });
const range = (n) => Array.from({ length: n }, (_, i) => i);

async function subscribed(url, channel) {
  const session = await Session.open(url);
  await session.subscribe(channel);
  return session;
}

// Each publisher's numbers come once, in their order, whatever is between them.
function assertInOrder(heard, publishers, count) {
  for (const from of range(publishers)) {
    assert.deepEqual(heard.filter((data) => data.from === from).map(({ number }) => number), range(count), `publisher ${from}`);
  }
  assert.equal(heard.length, publishers * count);
}

async function publishAll(url, channel, publishers, count) {
  await Promise.all(range(publishers).map(async (from) => {
    const session = from % 2 ? await Session.open(url) : null; // or nobody, as curl does
    for (const number of range(count)) {
      if (session) await session.publish(channel, { from, number });
      else await send(url, [{ channel, data: { from, number } }]);
    }
  }));
}

test('workers: as many threads as were asked for, and one per core without', async (t) => {
  const threads = async (options) => fs.readdirSync(`/proc/${(await t.server(options)).pid}/task`).length;
  const others = (await threads({ workers: 1 })) - 1; // a sanitizer's own
  assert.equal(await threads({ workers: 5 }), others + 5);
  assert.equal(await threads(), others + Math.min(os.availableParallelism(), 64));
});

test('workers: polls by any connection bring all, once and in order', async (t) => {
  const { url } = await many(t), channel = freshChannel('any');
  const sessions = await Promise.all(range(20).map(() => subscribed(url, channel)));
  const total = 6 * 30;
  const heard = Promise.all(sessions.map(async (session) => {
    const all = [];
    while (all.length < total) {
      const { json } = await session.connect().answer;
      all.push(...json.filter((message) => message.channel === channel).map(({ data }) => data));
    }
    return all;
  }));
  await publishAll(url, channel, 6, 30);
  for (const all of await heard) assertInOrder(all, 6, 30);
});

test('workers: sockets and event sources of any connection come to their sessions', async (t) => {
  const { url, port } = await many(t), channel = freshChannel('streams'), total = 4 * 40;
  const heard = await Promise.all(range(24).map(async (i) => {
    const session = await subscribed(url, channel);
    if (i % 3 === 0) {
      const socket = await Socket.open(t, url);
      await socket.connect(session);
      return async () => (await socket.delivered(total)).map(({ data }) => data);
    }
    // Every other event source on a connection that was used before.
    const pipeline = i % 3 === 1 ? await Pipeline.open(t, port) : null;
    if (pipeline) await pipeline.ask([{ channel: freshChannel(), data: 1 }]);
    const events = await Events.open(t, port, session.clientId, pipeline ? { tcp: pipeline.tcp } : {});
    assert.equal(events.status, 200);
    return () => events.has(total);
  }));
  await publishAll(url, channel, 4, 40);
  for (const all of heard) assertInOrder((await all()).map((item) => item.data ?? item), 4, 40);
});

test('workers: a socket goes to its session with all that it has sent, half a message too', async (t) => {
  const { url, port } = await many(t);
  for (const i of range(20)) {
    const channel = freshChannel('half'), session = await subscribed(url, channel), tcp = await Tcp.open(t, port);
    tcp.write(upgrade(port));
    await tcp.until(/\r\n\r\n/);
    const text = (message) => frame(JSON.stringify([message]));
    const numbers = range(5).map((number) => text(session.message(channel, { data: `n${number}.` })));
    const last = text(session.message(channel, { data: 'last.' }));
    const all = Buffer.concat([text(session.connectMessage({ connectionType: 'websocket' })), ...numbers, last]);
    const cut = all.length - 1 - (i * 7) % (last.length + 10);
    tcp.write(all.subarray(0, cut));
    await tcp.until(/n3\./);
    tcp.write(all.subarray(cut));
    await tcp.until(/"last\."/);
    assert.deepEqual([...tcp.text.matchAll(/"data":"(n\d|last)\."/g)].map(([, word]) => word), ['n0', 'n1', 'n2', 'n3', 'n4', 'last']);
    tcp.socket.destroy();
  }
});

test('workers: a socket that goes before it has arrived leaves what it was to bring', async (t) => {
  const { url, port } = await many(t);
  for (const _ of range(20)) {
    const channel = freshChannel('gone'), session = await subscribed(url, channel), tcp = await Tcp.open(t, port);
    tcp.write(upgrade(port));
    await tcp.until(/\r\n\r\n/);
    tcp.write(frame(JSON.stringify([session.connectMessage({ connectionType: 'websocket' })])));
    tcp.socket.destroy();
    await session.publish(channel, 'kept');
    // Its connect may be looked at after the first poll's, on which it then takes over: that is empty, and the next has all.
    const polled = [...(await session.poll()).messages, ...(await session.poll()).messages];
    assert.deepEqual(polled.map(({ data }) => data), ['kept']);
  }
});

test('workers: a batch of many clients, each with another worker', async (t) => {
  const { url } = await many(t), channel = freshChannel('batch');
  const sessions = await Promise.all(range(30).map(() => Session.open(url)));
  const replies = await send(url, sessions.map((session) => session.message('/meta/subscribe', { subscription: channel })));
  assert.deepEqual(replies.map(({ clientId, successful }) => [clientId, successful]).sort(), sessions.map(({ clientId }) => [clientId, true]).sort());
  // Handshakes between them stay where they are.
  const mixed = await send(url, sessions.flatMap((session, i) => [session.message(channel, { data: i }), handshake()]));
  assert.equal(mixed.filter(({ successful }) => successful).length, 60);
  for (const session of sessions) {
    const { messages } = await session.poll();
    assert.deepEqual(messages.map(({ data }) => data).sort((a, b) => a - b), range(30));
  }
  const ends = await send(url, sessions.map((session) => session.message('/meta/disconnect')));
  assert.ok(ends.every(({ successful }) => successful));
  for (const { error } of await send(url, sessions.map((session) => session.connectMessage()))) assert.match(error, /^401:/);
});

test('workers: whoever floods does not run ahead of who delivers', { alone: true }, async (t) => {
  const server = await many(t, { 'limit-queue-messages': 1000000, 'limit-queue-bytes': '256M', 'limit-unsent-bytes': '256M' });
  const { url } = server, channel = freshChannel('flood'), padding = 'x'.repeat(2000), count = 10000;
  const listeners = await Promise.all(range(6).map(async () => {
    const session = await subscribed(url, channel), socket = await Socket.open(t, url);
    await socket.connect(session);
    return socket;
  }));
  await Promise.all(range(4).map(async (from) => {
    const session = await Session.open(url), socket = await Socket.open(t, url);
    await socket.connect(session);
    for (let number = 0; number < count / 4; number += 50) {
      const batch = range(50).map((i) => session.message(channel, { data: { from, number: number + i, padding } }));
      socket.send(batch);
    }
    await socket.messages.until((items) => items.filter(({ successful }) => successful !== undefined).length >= count / 4, 80000);
  }));
  for (const socket of listeners) assertInOrder((await socket.delivered(count, 80000)).map(({ data }) => data), 4, count / 4);
});

test('workers: SIGTERM answers polls wherever they are held', async (t) => {
  const server = await many(t), { url } = server;
  const held = [];
  for (const _ of range(12)) held.push(await (await Session.open(url)).hold());
  t.forget(server);
  assert.deepEqual(await server.stop(), []);
  for (const { replies } of held) {
    const [reply] = await replies();
    assert.equal(reply.successful, true);
  }
});
