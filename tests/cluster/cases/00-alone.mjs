// The checker itself: one fayed without Redis, where nothing may be found; and clusters that are none, where it must find
// what is lost.
import assert from 'node:assert/strict';
import { test } from '../../system/lib/harness.mjs';
import { Checker, freshRoom } from '../lib/checker.mjs';
import { Cluster } from '../lib/cluster.mjs';
import { KINDS } from '../lib/faye.mjs';
import { judge } from '../lib/report.mjs';
import { Front } from '../lib/roundrobin.mjs';
import { mayRepeat } from '../lib/promises.mjs';

const COUNT = 200;

test('alone: every kind of client behind a front of one node', async (t) => {
  const cluster = await Cluster.start(t, { count: 1 });
  const front = await Front.start(t, cluster.nodes);
  const check = new Checker(t), room = freshRoom();
  const channels = [`${room}/a`, `${room}/b/c`];
  for (const kind of KINDS) {
    await check.subscriber({ url: front.url, kind, patterns: [channels[0]] });
    await check.subscriber({ url: front.url, kind, patterns: [`${room}/**`, channels[1]] });
  }
  const publishers = [
    check.poster(() => front.url),
    await check.publisher({ url: front.url, kind: 'websocket' }),
    await check.publisher({ url: front.url, kind: 'long-polling' }),
  ];
  await check.publishAll(publishers, channels, COUNT);
  await check.expect({ doubled: mayRepeat });
  assert.ok(check.ledger.delivered >= 3 * COUNT * 3 / 2 * 3);
});

// Two nodes that know nothing of each other: exactly what was published at the other is lost.
test('alone: the checker finds what is lost', async (t) => {
  const cluster = await Cluster.start(t, { count: 2 });
  const check = new Checker(t), channel = freshRoom();
  const [one, two] = cluster.nodes;
  await check.subscriber({ url: one.url, kind: 'websocket', patterns: [channel] });
  await check.subscriber({ url: one.url, kind: 'long-polling', patterns: [channel] });
  const here = check.poster(() => one.url), there = check.poster(() => two.url);
  await check.publishAll([here, there], [channel], COUNT);
  await check.settle(2000);
  assert.equal(check.ledger.lost.length, 2 * COUNT);
  assert.ok(check.ledger.lost.every(({ message }) => message.publisher === there.name));
  assert.match(judge(check.ledger).text, new RegExp(`lost ${2 * COUNT},[^]*lost: s1 websocket never got ${there.name} #1 on`));
});

// And a client that is sent from one to the other is told so.
test('alone: the checker finds sessions that are unknown', async (t) => {
  const cluster = await Cluster.start(t, { count: 2 });
  const front = await Front.start(t, cluster.nodes, 'next');
  const check = new Checker(t), channel = freshRoom();
  check.subscriber({ url: front.url, kind: 'long-polling', patterns: [channel] }).catch(() => {});
  assert.ok(await check.ledger.until(() => check.ledger.accounts[0]?.told.length > 2));
  assert.match(judge(check.ledger).text, /unknown [1-9][^]*unknown: s1 long-polling was told at/);
});
