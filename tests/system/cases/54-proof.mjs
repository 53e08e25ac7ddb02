// A pong proves what went before its ping. What is proved does not come again, what is not comes again elsewhere.
import assert from 'node:assert/strict';
import { Session, freshChannel, send } from '../lib/bayeux.mjs';
import { Events } from '../lib/events.mjs';
import { test } from '../lib/harness.mjs';
import { Socket } from '../lib/socket.mjs';
import { Inbox } from '../lib/wait.mjs';

const data = (messages) => messages.map((message) => message.data);
const NUMBERS = [0, 1, 2, 3, 4];

// A socket whose pings are gathered and not answered, with NUMBERS delivered; and how many pings came before.
async function delivered(t, options) {
  const { url } = await t.server({ timeout: 60, ...options });
  const session = await Session.open(url), channel = freshChannel('proof');
  await session.subscribe(channel);
  const socket = await Socket.open(t, url, { autoPong: false }), pings = new Inbox();
  socket.ws.on('ping', (payload) => pings.add(payload));
  await socket.connect(session);
  await send(url, NUMBERS.map((number) => ({ channel, data: number })));
  assert.deepEqual(data(await socket.delivered(NUMBERS.length)), NUMBERS);
  return { session, socket, pings, before: pings.items.length };
}

// As on a long way: whenever a pong arrives, two more pings are out already.
test('proof: a pong that comes after later pings proves all the same', { faye: true }, async (t) => {
  const { session, socket, pings, before } = await delivered(t, { ping: 0.1 });
  for (let at = before; at < before + 3; at++) {
    await pings.has(at + 3);
    socket.ws.pong(pings.items[at]);
  }
  await socket.ask({ channel: freshChannel('fence'), data: 1 }); // the pongs were heard before it
  socket.ws.terminate();
  assert.deepEqual((await session.poll()).messages, []);
});

test('proof: pings alone prove nothing', async (t) => {
  const { session, socket, pings, before } = await delivered(t, { ping: 0.1 });
  await pings.has(before + 3);
  socket.ws.terminate();
  assert.deepEqual(data((await session.poll()).messages), NUMBERS);
});

test('proof: without redelivery nothing is asked for and nothing comes again', async (t) => {
  const { session, socket, pings } = await delivered(t, { redelivery: 'off', ping: 0 });
  await socket.ask({ channel: freshChannel('fence'), data: 1 });
  assert.equal(pings.items.length, 0);
  socket.ws.terminate();
  assert.deepEqual((await session.poll()).messages, []);
});

test('proof: without redelivery what could not be sent yet is not lost all the same', async (t) => {
  const { url } = await t.server({ timeout: 60, redelivery: 'off', 'limit-queue-bytes': '100M', 'limit-unsent-bytes': '100M' });
  const session = await Session.open(url), channel = freshChannel('proof');
  await session.subscribe(channel);
  const socket = await Socket.open(t, url);
  await socket.connect(session);
  socket.ws.pause();
  const all = Array.from({ length: 20 }, (_, number) => number), padding = 'x'.repeat(900000);
  for (const number of all) await session.publish(channel, { number, padding });
  const left = data((await session.poll()).messages).map(({ number }) => number);
  assert.ok(left.length > 0);
  assert.deepEqual(left, all.slice(-left.length));
});

// More than may be kept without proof, within the second between two looks for it. A message is larger than what TCP
// leaves unacknowledged once it was read.
const hears = {
  'a socket': async (t, { url }, session) => {
    const socket = await Socket.open(t, url);
    await socket.connect(session);
    return (count) => socket.delivered(count);
  },
  'an event source': async (t, { port }, session) => {
    const events = await Events.open(t, port, session.clientId);
    return (count) => events.has(count);
  },
};
for (const [name, open] of Object.entries(hears)) {
  test(`proof: ${name} that keeps up is asked before anything counts as arrived`, async (t) => {
    const server = await t.server({ timeout: 60, ping: 0, 'limit-unsent-bytes': '1M' });
    const session = await Session.open(server.url), channel = freshChannel('proof');
    await session.subscribe(channel);
    const has = await open(t, server, session);
    for (let count = 1; count <= 20; count++) {
      await session.publish(channel, 'x'.repeat(200000));
      await has(count);
    }
    await session.publish(freshChannel('fence'), 1);
    assert.doesNotMatch(server.stderr, /not repeated/);
  });
}
