// Long-polling without stickiness: whoever polls comes to another node each time, while messages come.
import assert from 'node:assert/strict';
import { Session, send } from '../../system/lib/bayeux.mjs';
import { listen, newClient } from '../../system/lib/client.mjs';
import { test } from '../../system/lib/harness.mjs';
import { Socket } from '../../system/lib/socket.mjs';
import { Checker, freshRoom } from '../lib/checker.mjs';
import { Cluster, health } from '../lib/cluster.mjs';
import { Redis } from '../lib/redis.mjs';
import { Front } from '../lib/roundrobin.mjs';

const CLIENTS = 100, ROOMS = 10, PUBLISHERS = 10, COUNT = 1000; // of each publisher

test(`nonsticky: ${CLIENTS} clients, ${PUBLISHERS * COUNT} messages, every request to a random node`, { ms: 300000, alone: true }, async (t) => {
  const cluster = await Cluster.start(t, { redis: await Redis.start(t) });
  const front = await Front.start(t, cluster.nodes, 'random');
  const check = new Checker(t), room = freshRoom();
  const channels = Array.from({ length: ROOMS }, (_, index) => `${room}/${index}`);
  const join = (index) => check.subscriber({ url: front.url, kind: 'long-polling', patterns: [channels[index % ROOMS]] });
  await Promise.all(Array.from({ length: CLIENTS }, (_, index) => join(index)));
  const publishers = Array.from({ length: PUBLISHERS }, () => check.poster(() => front.url));
  await check.publishAll(publishers, channels, COUNT);
  await check.expect();
  assert.ok(check.ledger.delivered >= CLIENTS / ROOMS * PUBLISHERS * COUNT);
});

// The first node has a message for the client, and has not heard that the session went to the second, which gave that message.
// It records what it would answer; before it is told that this does not count it hears where the session went.
test('nonsticky: a connect back at the first node is answered, though that node learns late whose the session is', async (t) => {
  const cluster = await Cluster.start(t, { count: 2, redis: await Redis.start(t), cables: true });
  const [first, second] = cluster.nodes, room = freshRoom(), elsewhere = freshRoom();
  const publish = (channel, data) => send(second.url, [{ channel, data }]);
  const witness = newClient(t, first.url, 'websocket');
  const seen = await listen(witness, room), heard = await listen(witness, elsewhere);
  const session = await Session.open(first.url);
  await session.subscribe(room);

  await publish(room, 'one');
  await seen.has(1);
  first.cable.stall({ only: 'subscriber', direction: 'down' });
  session.url = second.url;
  const { json: [, ...moved] } = await session.connect().answer;
  assert.deepEqual(moved.map(({ data }) => data), ['one']);

  first.cable.stall({ only: 'commands', direction: 'up' });
  session.url = first.url;
  const back = session.connect();
  await health(first); // it has read the connect, too
  await publish(elsewhere, 'the note is before this');
  first.cable.stall({ only: null, direction: 'down' });
  await heard.has(1);
  first.cable.flow();
  const { json: [reply, ...messages] } = await back.answer; // not hung up on
  assert.equal(reply.successful, true, JSON.stringify(reply));
  assert.deepEqual(messages, []);
  await publish(room, 'two');
  const { json: [, ...next] } = await session.connect().answer;
  assert.deepEqual(next.map(({ data }) => data), ['two']);
});

// The socket waits for the first one's session to come to its worker, and then goes where the second one's is.
test('nonsticky: of two clients on one socket one has its session at another node, one at another worker', async (t) => {
  const cluster = await Cluster.start(t, { count: 2, redis: await Redis.start(t), workers: 8 });
  const [here, there] = cluster.nodes.map(({ url }) => url);
  for (let round = 0; round < 10; round++) {
    const far = await Session.open(there), near = await Session.open(here), socket = await Socket.open(t, here);
    const connects = [far, near].map((session) => session.connectMessage({ connectionType: 'websocket', advice: { timeout: 0 } }));
    socket.send(connects);
    const answered = ({ clientId, successful }) => successful && clientId;
    const replies = await socket.messages.until((items) => items.filter(answered).length === 2);
    assert.deepEqual(replies.map(answered).sort(), [far.clientId, near.clientId].sort());
  }
});
