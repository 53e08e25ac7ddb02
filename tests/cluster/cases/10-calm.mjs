// Three nodes, and nothing goes wrong. Any request of any client may go to any of them.
import assert from 'node:assert/strict';
import { Session, exchange, post, send } from '../../system/lib/bayeux.mjs';
import { test } from '../../system/lib/harness.mjs';
import { Socket } from '../../system/lib/socket.mjs';
import { Checker, freshRoom } from '../lib/checker.mjs';
import { Cluster } from '../lib/cluster.mjs';
import { KINDS } from '../lib/faye.mjs';
import { mayRepeat } from '../lib/promises.mjs';
import { Redis } from '../lib/redis.mjs';
import { Front } from '../lib/roundrobin.mjs';

const COUNT = 100; // messages of one publisher
const MS = 180000;

const start = async (t, options) => Cluster.start(t, { redis: await Redis.start(t), ...options });

// Every kind of client by every way in: one that stays with a node, and one that goes to all.
const everywhere = async (t, cluster) => [...cluster.urls, (await Front.start(t, cluster.nodes, 'next')).url];

const dataOf = (messages, channel) => messages.filter((message) => message.channel === channel).map(({ data }) => data);

async function gathered(session, node, channel, count) {
  const got = [];
  while (got.length < count) got.push(...dataOf((await session.at(node).connect().answer).json, channel));
  return got;
}

// A clientId that goes from node to node.
class Wanderer extends Session {
  static async open(node) {
    const { url, clientId } = await Session.open(node.url);
    return new Wanderer(url, clientId);
  }

  at(node) {
    this.url = node.url;
    return this;
  }
}

test('calm: every kind of client spread over three nodes, order, nothing lost or doubled', { ms: MS }, async (t) => {
  const cluster = await start(t), check = new Checker(t), room = freshRoom();
  const channels = [`${room}/a`, `${room}/b`, `${room}/b/c`];
  const publishers = cluster.urls.map((url) => check.poster(() => url));
  for (const url of await everywhere(t, cluster)) {
    for (const kind of KINDS) {
      await check.subscriber({ url, kind, patterns: [channels[0], channels[2]] });
      await check.subscriber({ url, kind, patterns: [`${room}/*`, `${room}/b/**`] });
    }
    publishers.push(await check.publisher({ url, kind: 'websocket' }), await check.publisher({ url, kind: 'long-polling' }));
  }
  await check.publishAll(publishers, channels, COUNT);
  await check.expect({ doubled: (one) => one.account.name.endsWith('mixed') && mayRepeat(one) });
});

test('calm: clients come, go and change their minds while others publish', { ms: MS }, async (t) => {
  const cluster = await start(t), check = new Checker(t), room = freshRoom();
  const urls = await everywhere(t, cluster), channels = ['a', 'b', 'c'].map((name) => `${room}/${name}`);
  const stayers = await Promise.all(urls.map((url) => check.subscriber({ url, kind: 'long-polling', patterns: [`${room}/**`] })));
  const publishers = urls.map((url) => check.poster(() => url));
  await check.publishing(publishers, channels, async () => {
    for (const url of urls) {
      for (const kind of ['websocket', 'long-polling']) {
        const client = await check.subscriber({ url, kind, patterns: [channels[0]] });
        await client.subscribe(channels[1], `${room}/*`);
        await check.flows(100);
        await client.unsubscribe(`${room}/*`);
        await client.unsubscribe(channels[0]);
        await check.flows(100);
        await client.subscribe(channels[0]);
        await check.flows(100);
        await client.end();
      }
    }
  });
  await check.expect();
  assert.ok(stayers.every(({ account }) => account.got.size === check.ledger.accepted));
});

test('calm: a subscribe and publishes in one batch, on another node than the home', async (t) => {
  const { nodes: [home, other] } = await start(t), room = freshRoom();
  const session = await Wanderer.open(home);
  await session.at(home).poll(); // now it is at home there
  const { clientId } = session;
  const batch = [session.message('/meta/subscribe', { subscription: room })];
  for (let n = 0; n < 20; n++) batch.push({ channel: room, data: n, clientId, id: `p${n}` });
  const replies = await send(other.url, batch);
  assert.ok(replies.every(({ successful }) => successful), JSON.stringify(replies));
  assert.deepEqual(await gathered(session, home, room, 20), batch.slice(1).map(({ data }) => data));
});

test('calm: handshake on one, subscribe on another, connect on a third, publish on each', async (t) => {
  const { nodes } = await start(t), room = freshRoom();
  for (const [a, b, c] of [nodes, [...nodes].reverse()]) {
    const session = await Wanderer.open(a);
    await session.at(b).subscribe(room);
    for (const node of nodes) {
      await send(node.url, [{ channel: room, data: node.name }]);
      assert.deepEqual(await gathered(session, c, room, 1), [node.name]);
      assert.deepEqual((await session.at(a).poll()).messages, []); // and never again
    }
  }
});

test('calm: what waits at one node is given by another', async (t) => {
  const { nodes: [home, other, third] } = await start(t), room = freshRoom();
  const session = await Wanderer.open(home);
  await session.subscribe(room);
  await session.poll();
  for (let n = 0; n < 50; n++) await send(third.url, [{ channel: room, data: n }]);
  assert.deepEqual(await gathered(session, other, room, 50), Array.from({ length: 50 }, (_, n) => n));
  assert.deepEqual((await session.at(third).poll()).messages, []);
});

test('calm: an answer that was lost is given again on another node', async (t) => {
  const { nodes: [home, other, third] } = await start(t), room = freshRoom();
  const session = await Wanderer.open(home);
  await session.subscribe(room);
  await send(third.url, [{ channel: room, data: 1 }, { channel: room, data: 2 }]);
  const connect = session.connectMessage();
  for (const node of [home, other, third, home]) {
    // The same connect: whoever asks again has not got the answer.
    assert.deepEqual(dataOf((await exchange(node.url, [connect])).json, room), [1, 2], node.name);
  }
  await send(other.url, [{ channel: room, data: 3 }]);
  assert.deepEqual(await gathered(session, other, room, 1), [3]);
});

test('calm: a publish is done once, on whichever nodes it is tried', async (t) => {
  const { nodes } = await start(t), room = freshRoom();
  const listener = await Wanderer.open(nodes[0]), publisher = await Wanderer.open(nodes[1]);
  await listener.subscribe(room);
  for (let n = 0; n < 5; n++) {
    const message = publisher.message(room, { data: n });
    for (const node of nodes) {
      const [reply] = await send(node.url, [message]);
      assert.equal(reply.successful, true, JSON.stringify(reply));
    }
  }
  await send(nodes[2].url, [{ channel: room, data: 'end' }]);
  assert.deepEqual(await gathered(listener, nodes[0], room, 6), [0, 1, 2, 3, 4, 'end']);
});

test('calm: an unsubscribe on another node holds for what is published afterwards', async (t) => {
  const { nodes: [home, other, third] } = await start(t), [kept, dropped] = [freshRoom('kept'), freshRoom('dropped')];
  const session = await Wanderer.open(home);
  await session.subscribe(kept, dropped);
  await send(third.url, [{ channel: dropped, data: 1 }]);
  assert.deepEqual(await gathered(session, home, dropped, 1), [1]);
  const reply = await session.at(other).ask('/meta/unsubscribe', { subscription: dropped });
  assert.equal(reply.successful, true);
  await send(third.url, [{ channel: dropped, data: 2 }, { channel: kept, data: 2 }]);
  const { json } = await session.at(home).connect().answer;
  assert.deepEqual(json.filter(({ data }) => data).map(({ channel, data }) => [channel, data]), [[kept, 2]]);
});

test('calm: a disconnect on another node ends the session everywhere', async (t) => {
  const cluster = await start(t), { nodes: [home, other, third] } = cluster, room = freshRoom();
  const session = await Wanderer.open(home);
  await session.subscribe(room);
  await session.poll();
  const held = post(home.url, [session.connectMessage()]);
  const reply = await session.at(other).ask('/meta/disconnect');
  assert.equal(reply.successful, true);
  await held.answer.catch(() => {}); // answered or hung up: it is not held on
  for (const node of [home, other, third]) {
    const [refusal] = await send(node.url, [session.connectMessage({ advice: { timeout: 0 } })]);
    assert.equal(refusal.error, `401:${session.clientId}:Unknown client`, node.name);
  }
  assert.deepEqual(await cluster.redis.keys(cluster.key('client:*')), []);
});

test('calm: a socket on one node, polls on another, and back', async (t) => {
  const { nodes: [home, other, third] } = await start(t), room = freshRoom();
  const session = await Wanderer.open(home);
  await session.subscribe(room);
  for (let round = 0; round < 3; round++) {
    const socket = await Socket.open(t, home.url);
    await socket.connect(session);
    await send(third.url, [{ channel: room, data: `socket ${round}` }]);
    await socket.messages.until((items) => dataOf(items, room).includes(`socket ${round}`));
    // What the socket had not proved may come once more, before what is new.
    await send(third.url, [{ channel: room, data: `poll ${round}` }]);
    const polled = [];
    while (!polled.includes(`poll ${round}`)) polled.push(...dataOf((await session.at(other).connect().answer).json, room));
    assert.ok(polled.slice(0, -1).every((data) => data === `socket ${round}`), JSON.stringify(polled));
    socket.ws.terminate();
  }
});
