// A client that goes without a word: its connection ends while a connect is held. The session stays, and what is
// published meanwhile waits for the next connect.
import assert from 'node:assert/strict';
import { Session, freshChannel } from '../lib/bayeux.mjs';
import { test } from '../lib/harness.mjs';
import { probesIn } from '../lib/proc.mjs';
import { Proxy } from '../lib/proxy.mjs';
import { Socket } from '../lib/socket.mjs';
import { sleep } from '../lib/wait.mjs';

const data = (messages) => messages.map((message) => message.data);

async function subscribed(url, channel = freshChannel('gone')) {
  const session = await Session.open(url);
  await session.subscribe(channel);
  return { session, channel };
}

for (const how of ['rst', 'fin']) {
  // Whether the server has noticed yet or not: nothing may be lost.
  test(`vanish: messages behind a poller gone by ${how} come with the next connect`, async (t) => {
    const server = await t.server({ timeout: 60 });
    const { session, channel } = await subscribed(server.url);
    const proxy = await Proxy.start(t, server.port);
    const behind = new Session(proxy.url, session.clientId);
    for (let round = 0; round < 5; round++) {
      const held = await behind.hold({ id: `held${round}` });
      proxy.cutAll(how);
      await assert.rejects(held.answer);
      for (const number of [1, 2, 3]) await session.publish(channel, round * 10 + number);
      // As a client does: the connect it got no answer to, once more.
      const { messages } = await session.poll({ id: `held${round}` });
      assert.deepEqual(data(messages), [1, 2, 3].map((number) => round * 10 + number));
    }
  });
}

// A new id says that the last answer arrived, so what was spent on a dead poll is lost by it: the server must have
// noticed. Nothing tells when it has; of several times it must succeed once.
test('vanish: a poller that is gone is noticed', async (t) => {
  const server = await t.server({ timeout: 60 });
  const { session, channel } = await subscribed(server.url);
  for (let time = 0; time < 20; time++) {
    (await session.hold()).hangUp();
    for (let turn = 0; turn < 20; turn++) await Session.open(server.url);
    await session.publish(channel, 'kept');
    const { messages } = await session.poll();
    if (messages.length) return assert.deepEqual(data(messages), ['kept']);
  }
  assert.fail('a dead poll was answered every time');
});

test('vanish: a socket that closes late does not unbind the newer one', async (t) => {
  const { url } = await t.server({ timeout: 60 });
  const { session, channel } = await subscribed(url);
  const old = await Socket.open(t, url), next = await Socket.open(t, url);
  await old.connect(session);
  await next.connect(session);
  old.ws.close();
  await old.closed;
  await session.publish(channel, 'here');
  assert.deepEqual(data(await next.delivered(1)), ['here']);
});

test('vanish: a poll that ends late does not unbind the newer socket', async (t) => {
  const { url } = await t.server({ timeout: 60 });
  const { session, channel } = await subscribed(url);
  const held = await session.hold();
  const socket = await Socket.open(t, url);
  await socket.connect(session);
  held.hangUp();
  await session.publish(channel, 'here');
  assert.deepEqual(data(await socket.delivered(1)), ['here']);
});

test('vanish: a socket ended by reset leaves the session its messages', { faye: true }, async (t) => {
  const { url } = await t.server({ timeout: 60 });
  const { session, channel } = await subscribed(url);
  const socket = await Socket.open(t, url);
  await socket.connect(session);
  socket.ws._socket.resetAndDestroy();
  await socket.closed;
  const next = await Socket.open(t, url);
  await session.publish(channel, 'kept');
  await next.connect(session);
  assert.deepEqual(data(await next.delivered(1)), ['kept']);
});

test('vanish: a socket closed by its client echoes the code and the session goes on', { faye: true }, async (t) => {
  const { url } = await t.server();
  const { session, channel } = await subscribed(url);
  const socket = await Socket.open(t, url);
  await socket.connect(session);
  socket.ws.close(3001, 'bye');
  assert.equal((await socket.closed).code, 3001);
  await session.publish(channel, 'kept');
  assert.deepEqual(data((await session.poll()).messages), ['kept']);
});

// One probe that is lost ends a connection (tcp(7): TCP_USER_TIMEOUT), so a client is not probed while its connect is held.
for (const [timeout, least] of [[1, 59], [300, 314]]) {
  test(`vanish: with a timeout of ${timeout} s a silent peer is probed after ${least + 1}`, async (t) => {
    const { url, port } = await t.server({ timeout });
    const socket = await Socket.open(t, url);
    await socket.ask({ channel: '/foo', data: 1 });
    let seconds;
    while (seconds === undefined) { // until the answer is acknowledged there is another timer
      await sleep(10);
      [seconds] = probesIn(port);
    }
    assert.ok(seconds > least - 1 && seconds <= least + 1, `in ${seconds} s`);
  });
}
