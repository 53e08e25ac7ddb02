// The same message with the same id is a retry: clients send it after an error or silence. It gets the same answer and
// is not done twice. For a connect a new id says that the last answer arrived; the same id asks for it again.
import assert from 'node:assert/strict';
import { Session, freshChannel, send } from '../lib/bayeux.mjs';
import { test } from '../lib/harness.mjs';
import { Socket } from '../lib/socket.mjs';

const data = (messages) => messages.map((message) => message.data);

async function subscribed(url, channel = freshChannel('retry')) {
  const session = await Session.open(url);
  await session.subscribe(channel);
  return { session, channel };
}

test('retry: a publish sent twice is answered alike and delivered once', async (t) => {
  const { url } = await t.server();
  const { session, channel } = await subscribed(url);
  const publisher = await Session.open(url);
  const message = publisher.message(channel, { data: 1 });
  const [first] = await send(url, [message]), [again] = await send(url, [message]);
  assert.equal(first.successful, true);
  assert.deepEqual(again, first);
  assert.deepEqual(data((await session.poll()).messages), [1]);
  await publisher.publish(channel, 2);
  assert.deepEqual(data((await session.poll()).messages), [2]);
});

test('retry: a publish goes out by socket and again by HTTP', async (t) => {
  const { url } = await t.server();
  const { session, channel } = await subscribed(url);
  const publisher = await Session.open(url), socket = await Socket.open(t, url);
  const message = publisher.message(channel, { data: 1 });
  const first = await socket.ask(message);
  assert.deepEqual(await send(url, [message]), [first]);
  assert.deepEqual(data((await session.poll()).messages), [1]);
});

test('retry: two publishes with one id in different sessions are two', { faye: true }, async (t) => {
  const { url } = await t.server();
  const { session, channel } = await subscribed(url);
  for (const name of ['ann', 'bob']) await (await Session.open(url)).publish(channel, name, { id: 'same' });
  assert.deepEqual(data((await session.poll()).messages), ['ann', 'bob']);
});

test('retry: publishes without an id or without a clientId are never repeats', { faye: true }, async (t) => {
  const { url } = await t.server();
  const { session, channel } = await subscribed(url);
  const { clientId } = await Session.open(url);
  for (const message of [{ channel, data: 1, clientId }, { channel, data: 2, id: 'x' }]) {
    for (let time = 0; time < 2; time++) assert.equal((await send(url, [message]))[0].successful, true);
  }
  assert.deepEqual(data((await session.poll()).messages), [1, 1, 2, 2]);
});

test('retry: subscribe and unsubscribe sent twice are answered alike', async (t) => {
  const { url } = await t.server();
  const session = await Session.open(url), channel = freshChannel('retry');
  for (const kind of ['subscribe', 'unsubscribe']) {
    const message = session.message(`/meta/${kind}`, { subscription: channel });
    const [first] = await send(url, [message]), [again] = await send(url, [message]);
    assert.equal(first.successful, true);
    assert.deepEqual(again, first);
  }
  await session.publish(channel, 'unheard');
  assert.deepEqual((await session.poll()).messages, []);
});

test('retry: an unsubscribe that comes again does not undo the subscribe behind it', async (t) => {
  const { url } = await t.server();
  const { session, channel } = await subscribed(url);
  const unsubscribe = session.message('/meta/unsubscribe', { subscription: channel });
  await send(url, [unsubscribe]);
  await session.subscribe(channel);
  await send(url, [unsubscribe]);
  await session.publish(channel, 'heard');
  assert.deepEqual(data((await session.poll()).messages), ['heard']);
});

// As a page does that was loaded again and goes on with the clientId it had stored (CometD's reload extension).
for (const [early, late] of [['2', '12'], ['2', 'a'], ['z', '10']]) {
  test(`retry: after a connect ${early} behind a connect ${late} an old id says something new`, async (t) => {
    const { url } = await t.server();
    const { session, channel } = await subscribed(url);
    const publisher = await Session.open(url);
    for (const [id, expected] of [[early, ['hello']], [late, []], [early, ['hello']]]) {
      await publisher.poll({ id });
      await publisher.publish(channel, 'hello', { id: '3' });
      assert.deepEqual(data((await session.poll()).messages), expected, id);
    }
  });
}

test('retry: a connect with the id of the last one brings its messages again, a new id does not', async (t) => {
  const { url } = await t.server();
  const { session, channel } = await subscribed(url);
  for (const number of [1, 2]) await session.publish(channel, number);
  const first = await session.poll({ id: 'c1' });
  assert.deepEqual(data(first.messages), [1, 2]);
  for (let time = 0; time < 2; time++) assert.deepEqual(await session.poll({ id: 'c1' }), first);
  await session.publish(channel, 3);
  const next = await session.poll({ id: 'c2' });
  assert.deepEqual(data(next.messages), [3]);
  assert.deepEqual(data((await session.poll({ id: 'c2' })).messages), [3]);
  assert.deepEqual((await session.poll({ id: 'c3' })).messages, []);
});

test('retry: a connect repeated by socket brings what the poll had answered', async (t) => {
  const { url } = await t.server();
  const { session, channel } = await subscribed(url);
  await session.publish(channel, 1);
  assert.deepEqual(data((await session.poll({ id: 'c1' })).messages), [1]);
  const socket = await Socket.open(t, url);
  await socket.connect(session, { id: 'c1' });
  assert.deepEqual(data(await socket.delivered(1)), [1]);
});

test('retry: a connect with another id answers the held one at once and empty', async (t) => {
  const { url } = await t.server({ timeout: 60 });
  const { session, channel } = await subscribed(url);
  const held = await session.hold({ id: 'old' });
  const taker = session.connect({ id: 'new' });
  const replies = await held.replies();
  assert.deepEqual(replies.map(({ id, successful }) => [id, successful]), [['old', true]]);
  await session.publish(channel, 'for the new one');
  assert.deepEqual(data((await taker.answer).json.slice(1)), ['for the new one']);
});

test('retry: a connect with the same id hangs the held one up', async (t) => {
  const { url } = await t.server({ timeout: 60 });
  const { session, channel } = await subscribed(url);
  const held = await session.hold({ id: 'one' });
  const taker = session.connect({ id: 'one' });
  await assert.rejects(held.answer, { code: 'ECONNRESET' });
  await session.publish(channel, 'once');
  assert.deepEqual(data((await taker.answer).json.slice(1)), ['once']);
});

test('retry: a connect on a new socket with another id answers the one held on the old', async (t) => {
  const { url } = await t.server({ timeout: 60 });
  const { session, channel } = await subscribed(url);
  const old = await Socket.open(t, url), next = await Socket.open(t, url);
  await old.connect(session);
  const held = old.ask(session.connectMessage({ id: 'old' }));
  await old.ask({ channel: freshChannel('fence'), data: 1 }); // frames are heard in order: the connect is held now
  await next.connect(session);
  const reply = await held;
  assert.equal(reply.successful, true);
  await session.publish(channel, 'here');
  assert.deepEqual(data(await next.delivered(1)), ['here']);
  assert.deepEqual(old.deliveries, []);
});
