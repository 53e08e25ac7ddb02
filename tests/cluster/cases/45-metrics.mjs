// What a node's monitoring sees of Redis, and what its log says, when things go wrong with it.
import assert from 'node:assert/strict';
import { Session, send } from '../../system/lib/bayeux.mjs';
import { test } from '../../system/lib/harness.mjs';
import { Scraper, documented } from '../../system/lib/metrics.mjs';
import { sleep, within } from '../../system/lib/wait.mjs';
import { freshRoom } from '../lib/checker.mjs';
import { Cluster } from '../lib/cluster.mjs';
import { Redis } from '../lib/redis.mjs';

const MS = 180000;
const STATES = ['down', 'joining', 'restoring', 'syncing', 'up'];
const EDGE_MS = 1; // a timer of Node may ring so much early

const isUp = (metrics) => metrics.get('fayed_redis_up') === 1;
const isDown = (metrics) => metrics.get('fayed_redis_up') === 0;
const stateOf = (metrics) => STATES.filter((state) => metrics.get('fayed_redis_state', { state }) === 1);

async function start(t, options) {
  const redis = await Redis.start(t), cluster = await Cluster.start(t, { redis, metrics: 'on', ...options });
  return { redis, cluster, nodes: cluster.nodes, scrapers: cluster.nodes.map((node) => new Scraper(node)) };
}

// Resolves to the match when the node's log has it.
const says = (node, pattern) => within((async () => {
  while (!pattern.test(node.log)) await sleep(20);
  return pattern.exec(node.log);
})(), () => `${pattern} in the log: ${node.log}`);

const publish = (node, channel, data) => send(node.url, [{ channel, data }]);

test('metrics: a node that is well, and those of docs/metrics.md', { ms: MS }, async (t) => {
  const { nodes: [one, two], scrapers: [first, second] } = await start(t, { count: 2 });
  const well = await first.until((now) => now.get('fayed_redis_lag_seconds') !== undefined, 'a lag');
  const { alone, redis } = documented();
  assert.deepEqual(well.signatures.sort(), [...alone, ...redis].sort());
  assert.equal(well.get('fayed_redis_up'), 1);
  assert.deepEqual(stateOf(well), ['up']);
  assert.equal(well.get('fayed_redis_joins_total'), 1);
  assert.equal(well.get('fayed_redis_losses_total'), 0);
  assert.ok(well.get('fayed_redis_lag_seconds') > 0);

  // A message is delivered where its subscribers are, and counted there.
  const room = freshRoom(), before = await second.scrape();
  for (let number = 0; number < 2; number++) await (await Session.open(two.url)).subscribe(room);
  for (const data of [1, 2, 3]) await publish(one, room, data);
  const heard = await second.until((now) => now.since(before, 'fayed_messages_delivered_total') === 6, 'six deliveries');
  assert.equal(heard.get('fayed_messages_published_total'), 0);
  const told = await first.scrape();
  assert.equal(told.get('fayed_messages_published_total'), 3);
  assert.equal(told.get('fayed_messages_delivered_total'), 0);
  for (const scraper of [first, second]) {
    await scraper.until((now) => now.get('fayed_redis_position') > well.get('fayed_redis_position'), 'its position to rise');
  }
  assert.doesNotMatch(one.log + two.log, /redis: (away|back|forwarding)/);
});

test('metrics: Redis dies, publications are kept, and refused; Redis is back and gets them', { ms: MS }, async (t) => {
  const { redis, nodes: [node], scrapers: [scraper] } = await start(t, { count: 1, 'limit-kept-messages': 3 });
  const session = await Session.open(node.url), room = freshRoom();
  await session.subscribe(room);
  await session.poll();
  await redis.kill();
  const lost = await scraper.until(isDown, 'Redis to be lost');
  assert.notDeepEqual(stateOf(lost), ['up']);
  assert.equal(lost.get('fayed_redis_losses_total'), 1);
  assert.equal(lost.get('fayed_redis_lag_seconds'), undefined);
  assert.equal(lost.get('fayed_redis_kept_messages'), 0);

  for (const data of [1, 2, 3]) await publish(node, room, data); // answered after the moment of grace
  const kept = await scraper.until((now) => now.get('fayed_redis_kept_messages') === 3, 'three to be kept');
  assert.ok(kept.get('fayed_redis_kept_bytes') > 3 * room.length);
  assert.equal(kept.get('fayed_redis_refused_total'), 0);
  assert.equal(kept.get('fayed_redis_waiting_publishes'), 0);
  await assert.rejects(publish(node, room, 4));
  await scraper.until((now) => now.get('fayed_redis_refused_total') === 1, 'one to be refused');
  await scraper.until((now) => now.get('fayed_redis_state_seconds') > lost.get('fayed_redis_state_seconds'), 'time to pass');

  await redis.start();
  const back = await scraper.until((now) => isUp(now) && now.get('fayed_redis_kept_messages') === 0, 'Redis to be back and to have all');
  assert.deepEqual(stateOf(back), ['up']);
  assert.equal(back.get('fayed_redis_joins_total'), 2);
  assert.equal(back.get('fayed_redis_losses_total'), 1);
  assert.equal(back.get('fayed_redis_forwarded_total'), 3);
  assert.equal(back.get('fayed_redis_kept_bytes'), 0);
  const [, , count] = await says(node, /info: redis: back after (\d+\.\d) s, (\d+) publications forwarded\n/);
  assert.equal(count, '3');
  await scraper.until((now) => now.get('fayed_redis_lag_seconds') !== undefined, 'a lag');
});

test('metrics: how far Redis is, and what is under way to it', { ms: MS }, async (t) => {
  const WAY_MS = 150;
  const { nodes: [node], scrapers: [scraper] } = await start(t, { count: 1, cables: true });
  await scraper.until((now) => now.get('fayed_redis_lag_seconds') !== undefined, 'a lag');
  node.cable.delay(WAY_MS);
  const far = (2 * (WAY_MS - EDGE_MS)) / 1000; // there and back
  await scraper.until((now) => now.get('fayed_redis_lag_seconds') >= far, 'a lag that tells of the delay');

  const room = freshRoom();
  let seen = false;
  const talk = async () => { while (!seen) await publish(node, room, 'word'); };
  const talking = Promise.all([talk(), talk()]);
  await scraper.until((now) => now.get('fayed_redis_commands') >= 1, 'a command under way').finally(() => { seen = true; });
  await talking;
  await scraper.until((now) => now.get('fayed_redis_commands') <= 1, 'all to be answered'); // but a beat, perhaps
  assert.equal(scraper.last.get('fayed_redis_losses_total'), 0);
});

test('metrics: logs that were too short', { ms: MS }, async (t) => {
  const { nodes: [away, other], scrapers: [scraper] } = await start(t, { count: 2, cables: true, 'redis-log': 100 });
  const room = freshRoom();
  await (await Session.open(away.url)).subscribe(room);
  away.cable.down();
  await scraper.until(isDown, 'Redis to be lost');
  for (let number = 0; number < 20; number++) {
    await send(other.url, Array.from({ length: 50 }, () => ({ channel: room, data: number })));
  }
  assert.equal((await scraper.scrape()).get('fayed_redis_gaps_total'), 0);
  away.cable.up();
  await scraper.until((now) => isUp(now) && now.get('fayed_redis_gaps_total') >= 1, 'a gap');
  assert.match(away.log, /logs in Redis no longer had all/);
});

test('metrics: what other programs publish', { ms: MS }, async (t) => {
  const { redis, cluster, nodes, scrapers } = await start(t, { count: 2 });
  const sum = async (name) => (await Promise.all(scrapers.map((scraper) => scraper.scrape()))).reduce((all, now) => all + now.get(name), 0);
  const comesTo = (name, count) => within((async () => { while (await sum(name) !== count) await sleep(20); })(), () => `${name} to be ${count}`);
  await comesTo('fayed_redis_intake', 1);
  const room = freshRoom(), stream = cluster.key('publish');
  for (let number = 0; number < 3; number++) await redis.do('XADD', stream, '*', 'channel', room, 'data', String(number));
  await redis.do('XADD', stream, '*', 'channel', room);
  await comesTo('fayed_redis_intake_published_total', 3);
  await comesTo('fayed_redis_intake_refused_total', 1);
  const holder = scrapers.findIndex(({ last }) => last.get('fayed_redis_intake') === 1);
  await nodes[holder].stop();
  await scrapers[1 - holder].until((now) => now.get('fayed_redis_intake') === 1, 'the other node to go on');
});
