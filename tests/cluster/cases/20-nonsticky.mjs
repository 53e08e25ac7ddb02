// Long-polling without stickiness: whoever polls comes to another node each time, while messages come.
import assert from 'node:assert/strict';
import { test } from '../../system/lib/harness.mjs';
import { Checker, freshRoom } from '../lib/checker.mjs';
import { Cluster } from '../lib/cluster.mjs';
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
