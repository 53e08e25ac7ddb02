// A session that goes from a socket elsewhere takes along what the socket has not proved to have, and nothing else.
import assert from 'node:assert/strict';
import { Session, freshChannel } from '../lib/bayeux.mjs';
import { test } from '../lib/harness.mjs';
import { cpuSeconds } from '../lib/proc.mjs';
import { Socket } from '../lib/socket.mjs';
import { Tcp, frame, upgrade } from '../lib/tcp.mjs';
import { sleep } from '../lib/wait.mjs';

const data = (messages) => messages.map((message) => message.data);
const roomy = { timeout: 60, ping: 0, 'limit-queue-bytes': '1G', 'limit-unsent-bytes': '1G' };

async function subscribed(url, channel = freshChannel('move')) {
  const session = await Session.open(url);
  await session.subscribe(channel);
  return { session, channel };
}

const numbers = Array.from({ length: 15 }, (_, index) => index);
const padding = 'x'.repeat(900000);

// A session whose socket reads nothing any more, with more on its way than kernels take: the server has come to a stop
// within a message.
async function blocked(t, url, options) {
  const { session, channel } = await subscribed(url);
  const socket = await Socket.open(t, url, options);
  await socket.connect(session);
  socket.ws.pause();
  for (const number of numbers) await session.publish(channel, { number, padding });
  return { session, socket };
}

const numbersOf = (messages) => messages.map((message) => message.data.number);

// What the socket had in part comes whole; the rest is elsewhere.
function assertBeginning(socket) {
  const seen = numbersOf(socket.deliveries);
  assert.deepEqual(seen, numbers.slice(0, seen.length));
  assert.ok(seen.length < numbers.length, 'the socket was blocked');
}

test('moves: from a socket in the midst of a message to a poll, and the server comes to rest', async (t) => {
  const server = await t.server(roomy);
  const { session, socket } = await blocked(t, server.url);
  assert.deepEqual(numbersOf((await session.poll()).messages), numbers);
  socket.ws.resume();
  await socket.ask({ channel: freshChannel('fence'), data: 1 });
  assertBeginning(socket);
  await sleep(1500); // all that is done once a second has come round
  const before = cpuSeconds(server);
  await sleep(1000);
  const used = cpuSeconds(server) - before;
  assert.ok(used < 0.3, `${used} s of CPU in an idle second`);
  assert.deepEqual((await session.poll()).messages, []);
});

test('moves: a socket taken over by another session leaves it nothing that is not its own', async (t) => {
  const { url } = await t.server(roomy);
  const { session, socket } = await blocked(t, url, { autoPong: false }), other = await subscribed(url);
  const connected = socket.connect(other.session);
  socket.ws.resume();
  assert.equal((await connected).successful, true);
  assertBeginning(socket);
  await other.session.publish(other.channel, 'its own');
  socket.ws.terminate();
  assert.deepEqual(data((await other.session.poll()).messages), ['its own']);
  assert.deepEqual(numbersOf((await session.poll()).messages), numbers);
});

// A session that ends takes its socket with it; one that comes there too late goes on elsewhere. Nothing follows a close.
test('moves: a connect right behind another session\'s disconnect on a socket loses nothing', async (t) => {
  const { url, port } = await t.server({ timeout: 60 });
  for (const isSeen of [true, false]) {
    const leaving = await Session.open(url), { session, channel } = await subscribed(url);
    const tcp = await Tcp.open(t, port);
    const say = (...messages) => tcp.write(Buffer.concat(messages.map((message) => frame(JSON.stringify([message])))));
    await tcp.write(upgrade(port));
    say(leaving.connectMessage({ id: 'first', advice: { timeout: 0 } }));
    await tcp.until(/"id":"first"/);
    say(leaving.message('/meta/disconnect'), session.connectMessage());
    if (isSeen) await tcp.until(/\x88\x02\x03\xe8/);
    await session.publish(channel, 'kept');
    assert.deepEqual(data((await session.poll()).messages), ['kept']);
    tcp.write(frame(Buffer.from([3, 232]), 8));
    assert.match(await tcp.end(), /\x88\x02\x03\xe8$/);
  }
});
