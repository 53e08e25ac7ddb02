// Redis goes away and comes back: empty, or late, or for one node only. Clients stay, and what was accepted arrives.
import assert from 'node:assert/strict';
import http from 'node:http';
import { Session, exchange, send } from '../../system/lib/bayeux.mjs';
import { test } from '../../system/lib/harness.mjs';
import { sleep } from '../../system/lib/wait.mjs';
import { Checker, freshRoom } from '../lib/checker.mjs';
import { Cluster } from '../lib/cluster.mjs';
import { Crowd } from '../lib/crowd.mjs';
import { killedWhileAway, redisAway, redisEmptied } from '../lib/promises.mjs';
import { Redis } from '../lib/redis.mjs';

const MS = 300000;
const AWAY_MS = 3000, LONG_MS = 10000;
const PACE_MS = 80; // a log holds a thousand messages: what is missed must not be more

// The crowd publishes while `act` does its worst. Afterwards nothing may be wrong but what `allowed` makes of the time of
// the trouble.
async function play(t, { act, allowed, wandering, ...options }) {
  const redis = await Redis.start(t), cluster = await Cluster.start(t, { redis, ...options }), check = new Checker(t);
  const crowd = await Crowd.gather(t, cluster, check, { wandering });
  let trouble;
  await check.publishing(crowd.publishers, crowd.channels, async () => {
    await check.flows();
    trouble = await check.trouble(cluster, (gone) => act({ redis, cluster, check, nodes: cluster.nodes, gone }));
    await check.flows();
  }, { pace_ms: PACE_MS });
  await check.expect(allowed(trouble, cluster));
}

const cut = (only, how) => async ({ nodes, check }) => {
  for (let round = 0; round < 5; round++) {
    for (const { cable } of nodes) assert.ok(cable.cut({ only, how }) > 0);
    await check.flows();
  }
};

const TROUBLES = {
  'restarted empty': {
    allowed: redisEmptied,
    act: async ({ redis, gone }) => {
      await redis.kill();
      gone();
      await redis.start();
    },
  },
  'emptied by FLUSHALL': {
    allowed: redisEmptied,
    act: async ({ redis, gone }) => {
      await redis.flush();
      gone();
    },
  },
  'down for 10 s, then empty': {
    allowed: redisEmptied,
    act: async ({ redis, gone }) => {
      await redis.kill();
      gone();
      await sleep(LONG_MS);
      await redis.start();
    },
  },
  'pausing (CLIENT PAUSE)': {
    allowed: redisAway,
    act: async ({ redis }) => {
      await redis.pause(AWAY_MS);
      await redis.do('PING'); // is answered when it goes on
    },
  },
  'standing still (SIGSTOP)': { allowed: redisAway, act: ({ redis }) => redis.whileStopped(() => sleep(AWAY_MS)) },
  // Their keys expire meanwhile, but clients have been served all the time.
  'standing still for longer than sessions live there': {
    allowed: redisAway,
    timeout: 3,
    act: ({ redis }) => redis.whileStopped(() => sleep(LONG_MS)),
  },
  'closing subscriber connections (CLIENT KILL)': {
    allowed: redisAway,
    act: async ({ redis, cluster, check }) => {
      for (let round = 0; round < 5; round++) {
        assert.ok(await redis.killSubscribers() > 0);
        await check.flows();
        await cluster.heals();
      }
    },
  },
  'cut off from all nodes again and again': { allowed: redisAway, cables: true, act: cut('all', 'rst') },
  'cut off, subscriber connections only': { allowed: redisAway, cables: true, act: cut('subscriber', 'fin') },
  'cut off, command connections only': { allowed: redisAway, cables: true, act: cut('commands', 'rst') },
  'out of reach for one node': {
    allowed: redisAway,
    cables: true,
    act: async ({ nodes: [{ cable }] }) => {
      cable.down();
      await sleep(AWAY_MS);
      cable.up();
    },
  },
  'out of reach for a node that is killed': {
    allowed: (trouble, { nodes }) => killedWhileAway(trouble, nodes[0]),
    cables: true,
    act: async ({ nodes: [node], check }) => {
      node.cable.down();
      await check.flows();
      await node.kill();
      node.cable.up();
      await node.start();
    },
  },
  'silent to one node': {
    allowed: redisAway,
    cables: true,
    act: async ({ nodes: [{ cable }] }) => {
      cable.stall({ only: 'all', direction: 'down' });
      await sleep(AWAY_MS);
      cable.flow();
    },
  },
  'silent to one subscriber connection': {
    allowed: redisAway,
    cables: true,
    act: async ({ nodes: [, { cable }] }) => {
      cable.stall({ only: 'subscriber', direction: 'down' });
      await sleep(LONG_MS);
      cable.flow();
    },
  },
  'deaf to one node': {
    allowed: redisAway,
    cables: true,
    act: async ({ nodes: [, , { cable }] }) => {
      cable.stall({ only: 'commands', direction: 'up' });
      await sleep(AWAY_MS);
      cable.flow();
    },
  },
};

for (const [title, trouble] of Object.entries(TROUBLES)) {
  test(`redis: ${title}`, { ms: MS }, (t) => play(t, trouble));
}

// Not away, only far: nothing may be lost, doubled or out of order.
test('redis: far from one node, farther from another', { ms: MS }, async (t) => {
  const cluster = await Cluster.start(t, { redis: await Redis.start(t), cables: true }), check = new Checker(t);
  cluster.nodes[0].cable.delay(20);
  cluster.nodes[1].cable.delay(150);
  const crowd = await Crowd.gather(t, cluster, check, { kinds: ['websocket', 'long-polling'] });
  await check.publishAll(crowd.publishers, crowd.channels, 30);
  await check.expect();
});

// A node that does not read fast enough is thrown out by Redis, and reads in the logs what it missed.
test('redis: closing a subscriber connection that is behind (output buffer limit)', { ms: MS, alone: true }, async (t) => {
  const redis = await Redis.start(t, { args: ['--client-output-buffer-limit', 'pubsub', '4mb', '0', '0'] });
  const cluster = await Cluster.start(t, { redis, cables: true, 'limit-queue-bytes': '256M', 'limit-unsent-bytes': '256M' });
  const check = new Checker(t), room = freshRoom();
  const [behind, ...others] = cluster.nodes;
  for (const { url } of cluster.nodes) await check.subscriber({ url, kind: 'websocket', patterns: [room] });
  const publishers = others.flatMap((node) => [1, 2].map(() => check.posterAt(node, { padding: 100000 })));
  const closed = redis.log.says(/overcoming of output buffer limits/);
  const trouble = await check.trouble(cluster, async () => {
    behind.cable.stall({ only: 'subscriber', direction: 'down' });
    await check.publishing(publishers, [room], () => closed, { pace_ms: 0 });
    behind.cable.flow();
  });
  await check.expect(redisAway(trouble));
});

// Publishes of an outage are kept and forwarded in their order, and what is accepted then is worth as much as ever.
test('redis: publishers that keep to their node keep their order through an outage', { ms: MS }, (t) => play(t, {
  cables: true,
  wandering: false,
  act: async ({ nodes }) => {
    for (const { cable } of nodes) cable.down();
    await sleep(AWAY_MS);
    for (const { cable } of nodes) cable.up();
  },
  allowed: (trouble) => ({ ...redisAway(trouble), misordered: undefined }),
}));

// Each round is cut a little later, so that some cut comes when a pattern was asked for and not yet confirmed.
test('redis: cut off while a subscription is on its way: it is heard', { ms: MS }, async (t) => {
  const cluster = await Cluster.start(t, { redis: await Redis.start(t), cables: true, count: 2 });
  const { nodes: [home, other] } = cluster, session = await Session.open(home.url);
  const agent = new http.Agent({ keepAlive: true });
  t.defer(() => agent.destroy());
  home.cable.delay(20);
  for (let round = 0; round < 30; round++) {
    const room = freshRoom(), batch = [session.message('/meta/subscribe', { subscription: room })];
    const subscribed = exchange(other.url, batch, { agent });
    await sleep(round * 4);
    home.cable.cut();
    const { json: [reply] } = await subscribed;
    assert.equal(reply.successful, true, JSON.stringify(reply));
    await send(other.url, [{ channel: room, data: round }]);
    const heard = [];
    while (!heard.length) heard.push(...(await session.poll()).messages);
    assert.deepEqual(heard.map(({ data }) => data), [round]);
  }
});

// What a node's own clients publish meanwhile waits in front of what it missed, and has later numbers. One worker: what a node has
// heard has come to its sessions before it answers anybody.
test('redis: an answer with what was published at two nodes while it was away can be had again', { ms: MS }, async (t) => {
  const cluster = await Cluster.start(t, { redis: await Redis.start(t), cables: true, count: 2, workers: 1 });
  const { nodes: [home, other] } = cluster, room = freshRoom(), session = await Session.open(home.url);
  const publish = ({ url }, ...words) => send(url, words.map((data) => ({ channel: room, data })));
  const connect = session.connectMessage();
  const ask = async ({ url }) => (await exchange(url, [connect])).json.filter(({ data }) => data).map(({ data }) => data);
  await session.subscribe(room);
  await publish(home, 'calm');
  assert.deepEqual((await session.poll()).messages.map(({ data }) => data), ['calm']);
  for (const { cable } of cluster.nodes) cable.down();
  await Promise.all([publish(home, 'a', 'b'), publish(other, 'c', 'd')]);
  for (const node of [other, home]) {
    node.cable.up();
    while ([...node.log.matchAll(/redis: joined/g)].length < 2) await sleep(20);
    await node.ready();
  }
  assert.deepEqual(await ask(home), ['a', 'b', 'c', 'd']);
  assert.deepEqual(await ask(other), ['c', 'd', 'a', 'b']);
});

// It can do commands and hears nothing, so whoever came would wait there while his session ends elsewhere.
test('redis: a node that hears nothing sends those away whose sessions are with others', { ms: MS }, async (t) => {
  const cluster = await Cluster.start(t, { redis: await Redis.start(t), cables: true, count: 2 });
  const { nodes: [home, deaf] } = cluster, room = freshRoom(), session = await Session.open(home.url);
  await session.subscribe(room);
  deaf.cable.stall({ only: 'subscriber', direction: 'down' });
  while (!/redis: lost/.test(deaf.log)) await sleep(50);
  await assert.rejects(exchange(deaf.url, [session.connectMessage()]), /hang up|ECONNRESET/);
  await send(home.url, [{ channel: room, data: 'here' }]);
  assert.deepEqual((await session.poll()).messages.map(({ data }) => data), ['here']);
  deaf.cable.flow();
  await cluster.heals();
  session.url = deaf.url;
  assert.equal((await session.poll()).reply.successful, true);
});
