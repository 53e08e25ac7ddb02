// What a client sends right before it goes is done; what a simple program repeats under one id is no retry.
import assert from 'node:assert/strict';
import { Session, freshChannel, send } from '../lib/bayeux.mjs';
import { test } from '../lib/harness.mjs';
import { Socket } from '../lib/socket.mjs';

const data = (messages) => messages.map((message) => message.data);
const NUMBERS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];

async function listener(url, name) {
  const session = await Session.open(url), channel = freshChannel(name);
  await session.subscribe(channel);
  return { session, channel };
}

// Everything until `count` messages are there.
async function heard(session, count) {
  const all = [];
  while (all.length < count) all.push(...data((await session.poll({ advice: { timeout: 2000 } })).messages));
  return all;
}

for (const [how, end] of [['a close frame', (socket) => socket.ws.close()], ['a cut', (socket) => socket.ws._socket.end()]]) {
  test(`last words: frames with ${how} right behind are all done, in order`, { faye: true }, async (t) => {
    const { url } = await t.server();
    const { session, channel } = await listener(url, 'words');
    const socket = await Socket.open(t, url);
    socket.ws._socket.cork();
    for (const number of NUMBERS) socket.send([{ channel, data: number }]);
    end(socket);
    socket.ws._socket.uncork();
    assert.deepEqual(await heard(session, NUMBERS.length), NUMBERS);
  });
}

test('last words: one id for all requests is no retry', async (t) => {
  const { url } = await t.server();
  const { session, channel } = await listener(url, 'constant');
  const ask = (message) => send(url, [{ ...message, clientId: session.clientId, id: 'same' }]);
  const other = freshChannel('constant');
  for (const step of ['subscribe', 'unsubscribe', 'subscribe']) {
    const [reply] = await ask({ channel: `/meta/${step}`, subscription: other });
    assert.equal(reply.successful, true);
  }
  await send(url, [{ channel: other, data: 'heard' }]);
  assert.deepEqual(await heard(session, 1), ['heard']);
  for (const number of [1, 2, 1]) await ask({ channel, data: number });
  assert.deepEqual(await heard(session, 3), [1, 2, 1]);
});

// A stream of messages that never pauses between two frames is no stalled message.
test('last words: a steady uploader is not taken for a stalled one', async (t) => {
  const { url } = await t.server({ 'limit-stall': 0.2, ping: 0 }); // a pong would land inside a frame
  const socket = await Socket.open(t, url);
  const frame = Buffer.concat([Buffer.from([0x82, 0x82, 0, 0, 0, 0]), Buffer.from('[]')]);
  const raw = socket.ws._socket;
  // Each write ends inside a frame: 4 x 0.2 s are over long before the last.
  raw.write(frame.subarray(0, 5));
  for (let n = 0; n < 40; n++) {
    await new Promise((done) => setTimeout(done, 50));
    raw.write(Buffer.concat([frame.subarray(5), frame.subarray(0, 5)]));
  }
  raw.write(frame.subarray(5));
  assert.equal((await socket.ask({ channel: freshChannel('alive'), data: 1 })).successful, true);
});

test('last words: messages in the turn of a disconnect are delivered before the socket closes', { faye: true }, async (t) => {
  const { url } = await t.server();
  const { session, channel } = await listener(url, 'words');
  const socket = await Socket.open(t, url);
  await socket.connect(session);
  await send(url, [...NUMBERS.map((number) => ({ channel, data: number })), session.message('/meta/disconnect')]);
  await socket.closed;
  assert.deepEqual(data(socket.deliveries), NUMBERS);
});
