// What costs the peer little must not cost the server much: memory, time, lines in the log.
import assert from 'node:assert/strict';
import { Session, freshChannel, handshake, send } from '../lib/bayeux.mjs';
import { test } from '../lib/harness.mjs';
import { cpuSeconds, hidesItsMemory, residentBytes } from '../lib/proc.mjs';
import { Socket } from '../lib/socket.mjs';
import { Tcp, frame, upgrade } from '../lib/tcp.mjs';

const MIB = 1 << 20;

async function subscribed(url, channel = freshChannel('cost')) {
  const session = await Session.open(url);
  await session.subscribe(channel);
  return { session, channel };
}

// The first thing on the socket is a message, with the ping that asks for its proof behind it.
test('costs: replies to a peer that answers no ping are not kept', async (t) => {
  const server = await t.server({ timeout: 60, ping: 0 });
  const { session, channel } = await subscribed(server.url);
  const socket = await Socket.open(t, server.url, { autoPong: false });
  await session.publish(channel, 'unproved');
  socket.send([session.connectMessage()]);
  await socket.delivered(1);
  // The reply to it is as large.
  const refuse = () => socket.ask({ channel: '/no channel', data: 1, id: 'i'.repeat(900000) });
  for (let warm = 0; warm < 5; warm++) await refuse();
  const before = residentBytes(server);
  for (let count = 0; count < 50; count++) {
    assert.equal((await refuse()).successful, false);
    socket.frames.items.length = socket.messages.items.length = 0;
  }
  const grown = residentBytes(server) - before;
  if (!hidesItsMemory(server)) assert.ok(grown < 20 * MIB, `${grown} bytes more after 50 replies of 900,000`);
  await session.publish(channel, 'more');
  assert.deepEqual((await socket.delivered(1)).map(({ data }) => data), ['more']);
});

test('costs: a message in 100,000 pieces closes with 1009', async (t) => {
  const { port } = await t.server();
  const tcp = await Tcp.open(t, port);
  const piece = (text, opcode) => { const bytes = frame(text, opcode); bytes[0] &= 0x7f; return bytes; };
  const close = frame(Buffer.from([3, 232]), 8); // who took all the pieces would answer this, with 1000
  tcp.write(Buffer.concat([upgrade(port), piece('[', 1), ...Array(100000).fill(piece(' ', 0)), frame(']', 0), close]));
  assert.match(await tcp.until(/\x88\x02../s), /\r\n\r\n\x88\x02\x03\xf1/);
});

for (const kind of ['subscribe', 'unsubscribe']) {
  test(`costs: ${kind} with 150,000 names is refused and takes no time`, async (t) => {
    const server = await t.server({ timeout: 60 });
    const { url } = server;
    const session = await Session.open(url), base = freshChannel('many');
    await session.subscribe('/a'); // the first of many
    await session.subscribe(...Array.from({ length: 900 }, (_, index) => `${base}/${index}`));
    const before = cpuSeconds(server);
    const reply = await session.ask(`/meta/${kind}`, { subscription: Array(150000).fill('/a') });
    assert.equal(reply.successful, false);
    assert.match(reply.error, /^403:/);
    const used = cpuSeconds(server) - before;
    assert.ok(used < 0.3, `${used} s of CPU`);
    await session.publish(`${base}/7`, 'heard');
    assert.deepEqual((await session.poll()).messages.map(({ data }) => data), ['heard']);
  });
}

test('costs: a thousand queues that overflow at once fill no log', async (t) => {
  const server = await t.server({ timeout: 60, 'limit-queue-messages': 1 });
  const { url } = server, channel = freshChannel('all');
  const ids = [];
  for (let count = 0; count < 1000; count += 100) {
    const sessions = (await send(url, Array(100).fill(handshake()))).map(({ clientId }) => clientId);
    await send(url, sessions.map((clientId) => ({ channel: '/meta/subscribe', clientId, subscription: channel })));
    ids.push(...sessions);
  }
  await send(url, [1, 2].map((data) => ({ channel, data })));
  for (const clientId of [ids[0], ids[999]]) {
    const session = new Session(url, clientId), connect = async () => (await send(url, [session.connectMessage()]))[0];
    let reply = await connect();
    if (reply.successful) reply = await connect(); // the first came to its worker before the messages did
    assert.match(reply.error, /^401:/);
  }
  t.forget(server);
  assert.deepEqual(await server.stop(), []); // and all it had to say is here
  const lines = server.stderr.trimEnd().split('\n');
  assert.ok(lines.length < 20, `${lines.length} lines`);
  assert.match(server.stderr, /queues/);
});

// Publishes until the server gives the socket up. Resolves to how many messages that took.
async function publishUntilTooSlow(server, { session, channel }, padding) {
  let number = 0;
  while (!/too.slow/.test(server.stderr)) {
    assert.ok(number < 1000, 'the socket takes all');
    await session.publish(channel, { number: number++, padding });
  }
  return number;
}

// What the socket had unsent and unproved is more than may wait for a session; there it had been within limits.
test('costs: a socket that was too slow leaves its session all it had, beyond what may wait', async (t) => {
  const server = await t.server({ timeout: 60, 'limit-unsent-bytes': '1M', 'limit-queue-bytes': '1M' });
  const chat = await subscribed(server.url), { session, channel } = chat;
  const socket = await Socket.open(t, server.url);
  await socket.connect(session);
  socket.ws.pause();
  const count = await publishUntilTooSlow(server, chat, 'x'.repeat(100000));
  await session.publish(channel, { number: count });
  const rest = (await session.poll()).messages.map(({ data }) => data.number);
  assert.equal(rest.at(-1), count);
  socket.ws.resume();
  assert.equal((await socket.closed).code, 1008);
  const seen = socket.deliveries.map(({ data }) => data.number);
  const all = [...seen, ...rest.filter((number) => !seen.includes(number))];
  assert.deepEqual(all, Array.from({ length: count + 1 }, (_, index) => index));
});
