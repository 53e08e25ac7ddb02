// What goes from one worker to another keeps its order, and its amount is bounded. As in 76-workers nearly every request
// comes in at another worker than its session's.
import assert from 'node:assert/strict';
import { Session, freshChannel, post, send } from '../lib/bayeux.mjs';
import { Events } from '../lib/events.mjs';
import { test } from '../lib/harness.mjs';
import { Pipeline, posting } from '../lib/pipeline.mjs';
import { hidesItsMemory, residentBytes, whileFrozen } from '../lib/proc.mjs';
import { Tcp, frame, request, upgrade } from '../lib/tcp.mjs';
import { sleep } from '../lib/wait.mjs';

const many = (t, options) => t.server({ timeout: 60, workers: 8, ...options });
const range = (n) => Array.from({ length: n }, (_, i) => i);

async function listening(url, channel) {
  const session = await Session.open(url);
  await session.subscribe(channel);
  return session;
}

async function hears(session, count) {
  const heard = [];
  while (heard.length < count) {
    const { json } = await session.connect().answer;
    heard.push(...json.filter(({ successful }) => successful === undefined).map(({ data }) => data));
  }
  return heard;
}

// Publications of two clients and of nobody, with `between` among them.
const mixed = (channel, a, b, between = []) => [
  a.message(channel, { data: 1 }), a.message(channel, { data: 2 }), ...between, a.message(channel, { data: 3 }),
  { channel, data: 4 }, b.message(channel, { data: 5 }), a.message(channel, { data: 6 }), { channel, data: 7 },
];

test('between workers: a batch is done in its order, whosever its messages are', async (t) => {
  const { url } = await many(t);
  for (const _ of range(25)) {
    const channel = freshChannel('order'), listener = await listening(url, channel);
    const [a, b] = [await Session.open(url), await Session.open(url)];
    const now = { advice: { timeout: 0 } };
    await send(url, mixed(channel, a, b, [a.connectMessage(now), b.connectMessage(now)]));
    assert.deepEqual(await hears(listener, 7), [1, 2, 3, 4, 5, 6, 7]);
  }
});

test('between workers: a connect that does not wait brings what was published before it', async (t) => {
  const { url } = await many(t);
  for (const _ of range(50)) {
    const channel = freshChannel('before'), listener = await listening(url, channel);
    const now = () => listener.connectMessage({ advice: { timeout: 0 } });
    const dataIn = (json) => json.filter(({ successful }) => successful === undefined).map(({ data }) => data);
    assert.deepEqual(dataIn(await send(url, [{ channel, data: 'in the batch' }, now()])), ['in the batch']);
    await send(url, [{ channel, data: 'answered' }]);
    assert.deepEqual(dataIn(await send(url, [now()])), ['answered']);
  }
});

test('between workers: a connect that is held does not hold up what comes behind it', async (t) => {
  const { url } = await many(t);
  for (const _ of range(10)) {
    const channel = freshChannel('behind'), listener = await listening(url, channel);
    const [a, b] = [await Session.open(url), await Session.open(url)];
    const held = post(url, mixed(channel, a, b, [a.connectMessage(), b.connectMessage()]));
    assert.deepEqual(await hears(listener, 7), [1, 2, 3, 4, 5, 6, 7]);
    for (const session of [a, b]) await session.poll();
    const { json } = await held.answer;
    assert.equal(json.filter(({ successful }) => successful).length, 9);
  }
});

// Connects of three clients, held; what one of them waits for has come.
async function holdThree(url) {
  const channel = freshChannel('three'), witness = await listening(url, `${channel}/held`);
  const sessions = await Promise.all(range(3).map(() => listening(url, channel)));
  const held = post(url, [...sessions.map((session) => session.connectMessage()), { channel: `${channel}/held`, data: 'held' }]);
  assert.deepEqual(await hears(witness, 1), ['held']);
  return { held, sessions, channel };
}

test('between workers: what one of many connects in a batch was to bring is kept when the peer goes', async (t) => {
  const { url } = await many(t);
  for (const i of range(10)) {
    const { held, sessions, channel } = await holdThree(url);
    await sessions[2].ask('/meta/unsubscribe', { subscription: channel }); // this one waits on
    await sessions[i % 3].publish(channel, 'precious');
    held.hangUp();
    await assert.rejects(held.answer);
    for (const session of sessions.slice(0, 2)) assert.deepEqual((await session.poll()).messages.map(({ data }) => data), ['precious']);
  }
});

test('between workers: many connects in a batch bring what all waited for', async (t) => {
  const { url } = await many(t);
  for (const _ of range(10)) {
    const { held, sessions, channel } = await holdThree(url);
    await sessions[0].publish(channel, 'for all');
    const { json } = await held.answer;
    assert.equal(json.filter(({ channel }) => channel === '/meta/connect').length, 3);
    assert.equal(json.filter(({ data }) => data === 'for all').length, 3);
  }
});

test('between workers: what somebody sent before he went is done in its order', async (t) => {
  const { url, port } = await many(t);
  for (const i of range(25)) {
    const channel = freshChannel('went'), listener = await listening(url, channel);
    const [a, b] = [await Session.open(url), await Session.open(url)], tcp = await Tcp.open(t, port);
    tcp.write(upgrade(port));
    await tcp.until(/\r\n\r\n/);
    const batches = range(5).map((k) => mixed(channel, a, b).map((message) => ({ ...message, data: 7 * k + message.data })));
    await tcp.write(Buffer.concat(batches.map((batch) => frame(JSON.stringify(batch)))));
    if (i % 2) tcp.socket.end(frame(Buffer.from([3, 232]), 8));
    else tcp.socket.end();
    assert.deepEqual(await hears(listener, 35), range(35).map((k) => k + 1));
  }
});

test('between workers: who sends faster than another worker answers is not read ahead of', { alone: true }, async (t) => {
  const server = await many(t), { url, port } = server, count = 20000;
  const session = await Session.open(url), before = residentBytes(server);
  const message = { channel: freshChannel('fast'), clientId: session.clientId, data: 'x' };
  const frames = Buffer.concat(range(count).map((id) => frame(JSON.stringify({ ...message, id }))));
  const sockets = await Promise.all(range(8).map(async () => {
    const tcp = await Tcp.open(t, port);
    tcp.write(upgrade(port));
    await tcp.until(/\r\n\r\n/);
    return tcp;
  }));
  let most = 0;
  const look = setInterval(() => { most = Math.max(most, residentBytes(server)); }, 10);
  t.defer(() => clearInterval(look));
  for (const tcp of sockets) tcp.write(frames);
  await Promise.all(sockets.map((tcp) => tcp.until(new RegExp(`"id":${count - 1}\\b`), 80000)));
  for (const tcp of sockets) assert.equal(tcp.text.match(/"successful":true/g).length, count);
  if (!hidesItsMemory(server)) assert.ok(most - before < 32 << 20, `${(most - before) >> 20} MB`);
});

test('between workers: a socket may go to and fro as often as its clients want', async (t) => {
  const { url, port } = await many(t);
  const sessions = await Promise.all(range(8).map(() => Session.open(url)));
  const connect = (i) => sessions[i % 8].connectMessage({ connectionType: 'websocket', advice: { timeout: 0 }, id: `to${i}.` });
  const tcp = await Tcp.open(t, port);
  const late = (await Pipeline.open(t, port)).tcp; // whose descriptor is lent
  late.write(posting(port, [sessions[0].message(freshChannel(), { data: 1 })]));
  await late.until(/"successful":true/);
  for (const socket of [tcp, late]) {
    socket.write(upgrade(port));
    await socket.until(/101 Switching[^]*\r\n\r\n/);
    await socket.write(Buffer.concat(range(2000).map((i) => frame(JSON.stringify([connect(i)])))));
    await socket.until(/to1999\./);
    const answered = [...socket.text.matchAll(/"id":"to(\d+)\."/g)].map(([, i]) => Number(i));
    assert.deepEqual(answered, range(2000));
  }
});

test('between workers: as many connections as may be, counted by all of them', async (t) => {
  const most = 40, server = await many(t, { 'limit-connections': most }), { port } = server;
  const ask = request(['GET /health HTTP/1.1', `Host: 127.0.0.1:${port}`]);
  const sockets = await whileFrozen(server, () => Promise.all(range(8 * most).map(() => Tcp.open(t, port))));
  const told = await Promise.all(sockets.map(async (tcp) => {
    tcp.write(ask);
    return Number((await tcp.until(/^HTTP\/1.1 \d+ [^]*\r\n\r\n/)).slice(9, 12));
  }));
  const served = told.filter((status) => status === 200).length;
  assert.ok(served >= most && served < most + 8, `${served}`); // each of them may admit one at the same moment
  assert.equal(told.filter((status) => status === 503).length, told.length - served);
});

// As monitoring is told by `pipeline`, which counts itself.
async function connections(pipeline, port) {
  const { tcp } = pipeline, from = tcp.text.length;
  tcp.write(request(['GET /metrics HTTP/1.1', `Host: 127.0.0.1:${port}`]));
  const text = await tcp.until(new RegExp(`^[^]{${from}}[^]*\\nfayed_connections_limit \\d+\\n`));
  return [...text.slice(from).matchAll(/\nfayed_connections\{[^}]*\} (\d+)/g)].reduce((sum, [, n]) => sum + Number(n), 0);
}

test('between workers: the last connection that may be comes to its session, too', async (t) => {
  const most = 20, { url, port } = await many(t, { 'limit-connections': most, metrics: 'on' });
  const session = await Session.open(url);
  const [witness] = await Promise.all(range(most - 1).map(() => Pipeline.open(t, port)));
  for (const _ of range(60)) {
    while (await connections(witness, port) >= most) await sleep(5);
    await connections(witness, port); // each worker has ended the turn in which it counted, and told the others
    const events = await Events.open(t, port, session.clientId);
    assert.equal(events.status, 200);
    events.tcp.socket.destroy();
  }
});
