// What comes to the server all at once, in one turn of its loop or in one batch, is done as if it had come one by one.
import assert from 'node:assert/strict';
import { Session, freshChannel, post } from '../lib/bayeux.mjs';
import { test } from '../lib/harness.mjs';
import { Pipeline } from '../lib/pipeline.mjs';
import { whileFrozen } from '../lib/proc.mjs';
import { Socket } from '../lib/socket.mjs';

const data = (messages) => messages.map((message) => message.data);
const atOnce = { advice: { timeout: 0 } };

async function subscribed(url, channel = freshChannel('turn')) {
  const session = await Session.open(url);
  await session.subscribe(channel);
  return { session, channel };
}

// A batch of a connect and a publish, pipelined, and a publish to somebody else's poll. `ahead` requests go before the
// one and `large` messages before the other, so that they meet in every order. Nobody speaks to the server while the
// answers are awaited: what it put off would have no other reason to go on.
test('turns: a connect and a publish in one batch are answered by an idle server', { faye: true }, async (t) => {
  const server = await t.server({ timeout: 60 });
  const { url, port } = server;
  const quiet = { channel: freshChannel('quiet'), data: 1 };
  for (let round = 0; round < 15; round++) {
    const [ahead, large] = [Math.trunc(round / 5), round % 5];
    const { session, channel } = await subscribed(url), asker = await Session.open(url);
    const pipeline = await Pipeline.open(t, port), socket = await Socket.open(t, url);
    await pipeline.ask([quiet]);
    const held = await session.hold();
    await whileFrozen(server, async () => {
      await pipeline.send(...Array(ahead).fill([quiet]), [asker.connectMessage(atOnce), quiet]);
      for (let count = 0; count < large; count++) socket.send(JSON.stringify([quiet]).padEnd(65500));
      await new Promise((done) => socket.ws.send(JSON.stringify([{ channel, data: round }]), done));
    });
    const answers = await pipeline.answers(ahead + 1);
    assert.deepEqual(answers.at(-1).map(({ successful }) => successful), [true, true]);
    assert.deepEqual(data((await held.replies()).slice(1)), [round]);
  }
});

test('turns: pipelining clients that publish to one another are all answered', async (t) => {
  const { url, port } = await t.server({ timeout: 60 });
  const channels = Array.from({ length: 6 }, () => freshChannel('ring'));
  const clients = await Promise.all(channels.map(async (channel, index) => {
    const { session } = await subscribed(url, channel);
    const connect = () => session.connectMessage(atOnce);
    const own = { channel, data: 'own' }, next = { channel: channels[(index + 1) % channels.length], data: 'next' };
    return { pipeline: await Pipeline.open(t, port), batches: () => [[next], [connect(), next], [connect(), own]] };
  }));
  for (let round = 0; round < 100; round++) {
    for (const { pipeline, batches } of clients) pipeline.send(...batches());
    for (const { pipeline } of clients) await pipeline.answers(3);
  }
});

test('turns: a publish that comes on nine connections at once is delivered once', async (t) => {
  const server = await t.server();
  const { session, channel } = await subscribed(server.url);
  const publisher = await Session.open(server.url), socket = await Socket.open(t, server.url);
  const pipelines = await Promise.all(Array.from({ length: 8 }, () => Pipeline.open(t, server.port)));
  for (const pipeline of pipelines) await pipeline.ask([{ channel: freshChannel('warm'), data: 1 }]);
  for (let round = 0; round < 5; round++) {
    const message = publisher.message(channel, { data: round });
    let bySocket;
    await whileFrozen(server, async () => {
      await Promise.all(pipelines.map((pipeline) => pipeline.send([message])));
      bySocket = socket.ask(message);
    });
    const expected = await bySocket;
    assert.equal(expected.successful, true);
    for (const pipeline of pipelines) assert.deepEqual(await pipeline.answers(1), [[expected]]);
    assert.deepEqual(data((await session.poll()).messages), [round]);
  }
});

// A connect each for two clients in one batch, held: `marker` comes after them and has reached somebody.
async function holdBoth(url, one, other) {
  const witness = await subscribed(url), marker = { channel: witness.channel, data: 'held' };
  const held = post(url, [one.connectMessage(), other.connectMessage(), marker]);
  assert.deepEqual(data((await witness.session.connect().answer).json.slice(1)), ['held']);
  return held;
}

test('turns: what one of two connects in a batch was to bring is kept when the peer goes', async (t) => {
  const { url } = await t.server({ timeout: 60 });
  const { session, channel } = await subscribed(url), other = await Session.open(url);
  const held = await holdBoth(url, session, other);
  await session.publish(channel, 'precious');
  held.hangUp();
  await assert.rejects(held.answer);
  assert.deepEqual(data((await session.poll()).messages), ['precious']);
});

test('turns: two connects in a batch bring what both waited for', { faye: true }, async (t) => {
  const { url } = await t.server({ timeout: 60 });
  const one = await subscribed(url), other = await subscribed(url);
  const held = await holdBoth(url, one.session, other.session);
  await one.session.publish(one.channel, 'for one');
  await other.session.publish(other.channel, 'for the other');
  const { json } = await held.answer;
  assert.deepEqual(data(json.filter(({ successful }) => successful === undefined)).sort(), ['for one', 'for the other']);
  for (const { session } of [one, other]) assert.deepEqual((await session.poll()).messages, []);
});
