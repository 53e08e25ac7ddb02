// What CometD's clients ask for beyond Faye's: ack, timesync and binary extensions, maxInterval, their paths.
import assert from 'node:assert/strict';
import { Session, exchange, freshChannel, handshake, send } from '../lib/bayeux.mjs';
import { Events } from '../lib/events.mjs';
import { test } from '../lib/harness.mjs';
import { Socket } from '../lib/socket.mjs';

const data = (messages) => messages.map((message) => message.data);
const WITH_ACKS = { ext: { ack: true } };

async function shake(url, fields) {
  const [reply] = await send(url, [{ ...handshake(), ...fields }]);
  assert.equal(reply.successful, true);
  return { reply, session: new Session(url, reply.clientId) };
}

// A session with acks that hears `channel`.
async function acknowledging(url, channel = freshChannel('ack')) {
  const { reply, session } = await shake(url, WITH_ACKS);
  assert.deepEqual(reply.ext, { ack: true });
  await session.subscribe(channel);
  return { session, channel };
}

// A connect that says to have got answer `ack`: the number of its answer and what came in it.
async function poll(session, ack, fields) {
  const { reply, messages } = await session.poll({ ext: { ack }, ...fields });
  return { ack: reply.ext.ack, got: data(messages) };
}

// The same by a socket. All is in one frame; until there are messages it is held.
async function ask(socket, session, ack, fields) {
  const message = session.connectMessage({ connectionType: 'websocket', ext: { ack }, ...fields });
  const isAnswer = (frame) => {
    const [{ channel, id }] = JSON.parse(frame);
    return channel === message.channel && id === message.id;
  };
  socket.send([message]);
  const frames = await socket.frames.until((items) => items.some(isAnswer));
  const [reply, ...messages] = JSON.parse(frames.find(isAnswer));
  assert.equal(reply.successful, true, JSON.stringify(reply));
  return { ack: reply.ext?.ack, got: data(messages) };
}

const AT_ONCE = { advice: { timeout: 0 } };

// What was sent on the socket before has been heard.
const fence = (socket) => socket.ask({ channel: freshChannel('fence'), data: 1 });

// ---- ack

test('cometd: an answer to a poll is given again until its number comes back', async (t) => {
  const { url } = await t.server();
  const { session, channel } = await acknowledging(url);
  const { ack: none, got } = await poll(session, 0);
  assert.deepEqual(got, []);
  for (const number of [1, 2]) await session.publish(channel, number);
  const lost = await poll(session, none);
  assert.deepEqual(lost.got, [1, 2]);
  assert.ok(lost.ack > none);
  for (let time = 0; time < 10; time++) assert.deepEqual(await poll(session, none), lost);
  await session.publish(channel, 3);
  const all = await poll(session, none);
  assert.deepEqual(all.got, [1, 2, 3]);
  assert.deepEqual((await poll(session, lost.ack)).got, [3]); // the one that was thought lost came late
  assert.deepEqual(await poll(session, all.ack), { ack: all.ack, got: [] });
});

test('cometd: a held poll is answered with the message and its number', async (t) => {
  const { url } = await t.server({ timeout: 60 });
  const { session, channel } = await acknowledging(url);
  const held = await session.hold({ ext: { ack: 0 } });
  await session.publish(channel, 1);
  const [reply, ...messages] = await held.replies();
  assert.deepEqual([reply.ext, data(messages)], [{ ack: 1 }, [1]]);
});

test('cometd: lies about what arrived lose nothing, of oneself or others', async (t) => {
  const { url } = await t.server();
  const channel = freshChannel('ack');
  const { session } = await acknowledging(url, channel), { session: other } = await acknowledging(url, channel);
  await session.publish(channel, 1);
  const given = await poll(session, 0);
  for (const lie of [2, 99, -1, 0.5, 4294967295, 4294967296, 2 ** 53, -(2 ** 53), 1e300, '1', null, true, [1], { ack: 1 }]) {
    assert.deepEqual(await poll(session, lie), given, JSON.stringify(lie));
  }
  const huge = session.connectMessage(AT_ONCE);
  for (const number of ['1e999', '-1e999', '9'.repeat(5000)]) {
    const text = JSON.stringify([{ ...huge, ext: { ack: 'LIE' } }]).replace('"LIE"', number);
    assert.deepEqual(data((await exchange(url, text)).json.slice(1)), [1]);
  }
  assert.deepEqual(await poll(session, given.ack), { ack: given.ack, got: [] });
  assert.deepEqual((await poll(other, 0)).got, [1]);
});

test('cometd: by a socket messages come in the frame of a connect\'s answer, and only there', async (t) => {
  const { url } = await t.server({ timeout: 60 });
  const { session, channel } = await acknowledging(url);
  const socket = await Socket.open(t, url);
  const first = await ask(socket, session, 0, AT_ONCE);
  await session.publish(channel, 1);
  await fence(socket);
  assert.deepEqual(socket.deliveries, []);
  const second = await ask(socket, session, first.ack);
  assert.deepEqual(second.got, [1]);
  const third = ask(socket, session, second.ack);
  await fence(socket);
  await send(url, [2, 3].map((number) => ({ channel, data: number })));
  assert.deepEqual((await third).got, [2, 3]);
  assert.equal(socket.deliveries.length, 3);
});

test('cometd: an answer that was lost with its socket is given on the next', async (t) => {
  const { url } = await t.server({ timeout: 60 });
  const { session, channel } = await acknowledging(url);
  const socket = await Socket.open(t, url);
  const lost = ask(socket, session, 0);
  await fence(socket);
  await session.publish(channel, 1);
  assert.deepEqual((await lost).got, [1]); // and the client forgets it
  socket.ws.terminate();
  await session.publish(channel, 2);
  const next = await Socket.open(t, url);
  const { ack, got } = await ask(next, session, 0);
  assert.deepEqual(got, [1, 2]);
  next.ws.terminate();
  assert.deepEqual((await poll(session, ack)).got, []);
});

test('cometd: a newer socket takes over, and the old one may close when it likes', async (t) => {
  const { url } = await t.server({ timeout: 60 });
  const { session, channel } = await acknowledging(url);
  const old = await Socket.open(t, url), next = await Socket.open(t, url);
  const held = ask(old, session, 0);
  await fence(old);
  const taker = ask(next, session, 0);
  assert.deepEqual(await held, { ack: undefined, got: [] }); // late, a number would take the client back
  old.ws.close();
  await old.closed;
  await session.publish(channel, 1);
  assert.deepEqual((await taker).got, [1]);
  assert.deepEqual(old.deliveries, []);
});

// A client that changes its transport after each answer, whose answers are lost at times, while messages come and go.
test('cometd: from socket to poll and back, with lost answers, nothing is lost or doubled', async (t) => {
  const { url } = await t.server({ timeout: 60 });
  const { session, channel } = await acknowledging(url);
  const publisher = await Session.open(url);
  const numbers = Array.from({ length: 200 }, (_, index) => index), seen = [];
  const published = (async () => { for (const number of numbers) await publisher.publish(channel, number); })();
  let ack = 0, socket;
  for (let round = 1; seen.length < numbers.length; round++) {
    if (round % 3 === 0) {
      socket?.ws.terminate();
      socket = undefined;
    }
    const answer = round % 5 < 2 ? await poll(session, ack) : await ask(socket ??= await Socket.open(t, url), session, ack);
    if (round % 4 === 0) continue; // that one was lost
    seen.push(...answer.got);
    ack = answer.ack;
  }
  await published;
  assert.deepEqual(seen, numbers);
  assert.deepEqual((await poll(session, ack)).got, []);
});

test('cometd: much that waits comes in portions, in order', async (t) => {
  const { url } = await t.server({ timeout: 60, 'limit-unsent-bytes': '256k' });
  const { session, channel } = await acknowledging(url);
  const numbers = Array.from({ length: 90 }, (_, index) => index), seen = [];
  await send(url, numbers.map((number) => ({ channel, data: { number, padding: 'x'.repeat(9000) } })));
  const socket = await Socket.open(t, url);
  let ack = 0, answers = 0;
  while (seen.length < numbers.length) {
    const answer = await ask(socket, session, ack);
    ({ ack } = answer);
    seen.push(...answer.got.map(({ number }) => number));
    answers++;
  }
  assert.deepEqual(seen, numbers);
  assert.ok(answers > 5, `${answers} answers`);
});

test('cometd: where the oldest must go, given or not, the rest comes with the right number', async (t) => {
  const { url } = await t.server({ 'limit-queue-messages': 5, 'limit-overflow': 'drop-oldest' });
  const { session, channel } = await acknowledging(url);
  for (const number of [1, 2, 3]) await session.publish(channel, number);
  const lost = await poll(session, 0);
  assert.deepEqual(lost.got, [1, 2, 3]);
  for (const number of [4, 5, 6, 7]) await session.publish(channel, number);
  assert.deepEqual((await poll(session, 0)).got, [3, 4, 5, 6, 7]);
  const rest = await poll(session, lost.ack); // it was not lost after all
  assert.deepEqual(rest.got, [4, 5, 6, 7]);
  for (const number of [8, 9, 10]) await session.publish(channel, number);
  const last = await poll(session, rest.ack);
  assert.deepEqual(last.got, [8, 9, 10]);
  assert.deepEqual((await poll(session, last.ack)).got, []);
});

const isUnknown = async (session) => {
  const [reply] = await send(session.url, [session.connectMessage({ ...AT_ONCE, ext: { ack: 0 } })]);
  assert.match(reply.error, /^401:/);
  assert.equal(reply.ext, undefined);
};

test('cometd: a full queue ends session and socket', async (t) => {
  const { url } = await t.server({ 'limit-queue-messages': 5 });
  const { session, channel } = await acknowledging(url);
  const socket = await Socket.open(t, url), publisher = await Session.open(url);
  await ask(socket, session, 0, AT_ONCE);
  for (let number = 0; number < 6; number++) await publisher.publish(channel, number);
  assert.equal((await socket.closed).code, 1000);
  await isUnknown(session);
});

test('cometd: a disconnect ends session and socket', async (t) => {
  const { url } = await t.server({ timeout: 60 });
  const { session } = await acknowledging(url);
  const socket = await Socket.open(t, url);
  socket.send([session.connectMessage({ connectionType: 'websocket', ext: { ack: 0 } })]);
  assert.equal((await socket.ask(session.message('/meta/disconnect'))).successful, true);
  assert.equal((await socket.closed).code, 1000);
  await isUnknown(session);
});

test('cometd: who is silent for too long is forgotten, messages and all', async (t) => {
  const { url } = await t.server({ timeout: 1 });
  const { session, channel } = await acknowledging(url);
  const socket = await Socket.open(t, url);
  await ask(socket, session, 0, AT_ONCE);
  await (await Session.open(url)).publish(channel, 1);
  assert.equal((await socket.closed).code, 1000);
  await isUnknown(session);
});

test('cometd: clients with and without acks share a socket', async (t) => {
  const { url } = await t.server({ timeout: 60 });
  const channel = freshChannel('ack');
  const { session } = await acknowledging(url, channel), plain = await Session.open(url);
  await plain.subscribe(channel);
  const socket = await Socket.open(t, url);
  const held = ask(socket, session, 0);
  await socket.connect(plain); // ends the other's
  assert.deepEqual(await held, { ack: undefined, got: [] });
  await plain.publish(channel, 1);
  assert.deepEqual(data(await socket.delivered(1)), [1]);
  assert.deepEqual((await ask(socket, session, 0)).got, [1]);
});

test('cometd: an event source with acks gets messages with its connects', async (t) => {
  const { url, port } = await t.server({ timeout: 60 });
  const { session, channel } = await acknowledging(url);
  const events = await Events.open(t, port, session.clientId);
  await session.publish(channel, 1);
  const { ack, got } = await poll(session, 0, { connectionType: 'eventsource' });
  assert.deepEqual(got, [1]);
  assert.deepEqual((await poll(session, ack, { connectionType: 'eventsource' })).got, []);
  assert.deepEqual(events.data, []);
  await session.ask('/meta/disconnect');
  await events.closed;
  assert.deepEqual(events.data, []);
});

// ---- the others

const timesync = () => ({ tc: Date.now() - 5000, l: 20, o: 4900 });

function assertTimes({ ext }, asked, least = 0) {
  const { tc, ts, p, a } = ext.timesync;
  assert.equal(tc, asked.tc);
  assert.ok(Math.abs(ts - Date.now()) < 60000, `${ts} is about now`);
  assert.ok(p >= least, `${p} of at least ${least} ms`);
  assert.equal(a, asked.tc + asked.o + asked.l - ts);
}

test('cometd: handshakes and connects that ask for the time are told', async (t) => {
  const { url } = await t.server();
  let asked = timesync();
  const { reply, session } = await shake(url, { ext: { timesync: asked } });
  assertTimes(reply, asked);
  const advice = { timeout: 200 };
  assertTimes((await session.poll({ ext: { timesync: asked }, advice })).reply, asked, 200);
  const socket = await Socket.open(t, url);
  asked = timesync();
  assertTimes(await socket.connect(session, { ext: { timesync: asked }, advice }), asked, 200);
  for (const bad of [null, 7, {}, { tc: 1, l: 2 }, { tc: '1', l: 2, o: 3 }, { tc: 1e300, l: 2, o: 3 }]) {
    assert.equal((await session.poll({ ext: { timesync: bad } })).reply.ext, undefined);
  }
});

test('cometd: all at once, by a socket from the handshake on', async (t) => {
  const { url } = await t.server({ timeout: 60 });
  const socket = await Socket.open(t, url), channel = freshChannel('ack'), asked = timesync();
  const reply = await socket.ask({ ...handshake(), minimumVersion: '1.0', ext: { ack: true, timesync: asked } });
  assert.equal(reply.ext.ack, true);
  assertTimes(reply, asked);
  const session = new Session(url, reply.clientId);
  await socket.ask(session.message('/meta/subscribe', { subscription: channel }));
  const connected = await socket.connect(session, { ext: { ack: 0, timesync: asked } });
  assert.equal(connected.ext.ack, 0);
  assertTimes(connected, asked);
  await session.publish(channel, 1);
  assert.deepEqual((await ask(socket, session, 0)).got, [1]);
});

test('cometd: who knows of maxInterval is told, others are not', async (t) => {
  const { url } = await t.server({ timeout: 7 });
  for (const [minimumVersion, expected] of [['1.0', 7000], ['0.9', undefined], [undefined, undefined]]) {
    const { reply, session } = await shake(url, { minimumVersion });
    assert.equal(reply.advice.maxInterval, expected);
    assert.equal((await session.poll()).reply.advice.maxInterval, expected);
    const socket = await Socket.open(t, url);
    assert.equal((await socket.connect(session)).advice.maxInterval, expected);
  }
});

test('cometd: binary data and what tells of it pass untouched', async (t) => {
  const { url } = await t.server();
  const session = await Session.open(url), channel = freshChannel('binary');
  await session.subscribe(channel);
  const binary = { data: { data: 'HelloWorld.-:+=^!/*?&<>()[]{}@%$#', last: true, meta: { name: 'x' } }, ext: { binary: {} } };
  const parts = ({ data, ext }) => ({ data, ext });
  await session.ask(channel, binary);
  assert.deepEqual((await session.poll()).messages.map(parts), [binary]);
  const socket = await Socket.open(t, url);
  await socket.connect(session);
  await socket.ask({ channel, ...binary });
  assert.deepEqual((await socket.delivered(1)).map(parts), [binary]);
});

test('cometd: each kind of message may have a path of its own', async (t) => {
  const { url } = await t.server();
  const [reply] = await send(`${url}/handshake`, [{ ...handshake(), minimumVersion: '1.0' }]);
  const session = new Session(url, reply.clientId), channel = freshChannel('paths');
  const at = async (path, message) => assert.equal((await send(`${url}/${path}`, [message]))[0].successful, true);
  await at('connect', session.connectMessage(AT_ONCE));
  await at('', session.message('/meta/subscribe', { subscription: channel }));
  await at('', session.message(channel, { data: 1 }));
  assert.deepEqual(data((await session.poll()).messages), [1]);
  await at('disconnect', session.message('/meta/disconnect'));
});
