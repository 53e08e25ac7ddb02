// What stays in Redis: nothing when all have gone, and never more than was agreed.
import assert from 'node:assert/strict';
import { Session, send } from '../../system/lib/bayeux.mjs';
import { test } from '../../system/lib/harness.mjs';
import { sleep, within } from '../../system/lib/wait.mjs';
import { Checker, freshRoom } from '../lib/checker.mjs';
import { Cluster } from '../lib/cluster.mjs';
import { Crowd } from '../lib/crowd.mjs';
import { mayRepeat } from '../lib/promises.mjs';
import { Redis } from '../lib/redis.mjs';

const MS = 300000;
const TIMEOUT_S = 1; // logs live for five of it, sessions for two
const LOG_MOST = 1100; // MAXLEN ~ 1000: whole pieces of 100 go

// Resolves when there is nothing in Redis but the counter, the epoch, who publishes for other programs, and two keys for each living node.
async function isEmpty(cluster) {
  const ours = (key) => key.slice(cluster.key('').length);
  const left = async () => {
    const keys = (await cluster.redis.keys()).map(ours).filter((key) => !['seq', 'epoch', 'intake'].includes(key));
    const nodes = keys.filter((key) => key.startsWith('node:')).map((key) => key.slice(5));
    const others = keys.filter((key) => !nodes.some((name) => key === `node:${name}` || key === `log:@${name}`));
    return others.length || nodes.length !== cluster.living.length ? keys : null;
  };
  let last;
  const gone = async () => { while ((last = await left())) await sleep(100); };
  await within(gone(), () => `Redis to be empty; there are ${last.length} keys: ${last.slice(0, 20).join(' ')}`, 120000);
}

test('leftovers: nothing when clients have gone, with or without a word, and nodes have died', { ms: MS }, async (t) => {
  const cluster = await Cluster.start(t, { redis: await Redis.start(t), timeout: TIMEOUT_S }), check = new Checker(t);
  const crowd = await Crowd.gather(t, cluster, check);
  await check.publishing(crowd.publishers, crowd.channels, async () => {
    await check.flows();
    await cluster.nodes[0].kill();
    await check.flows();
    await cluster.nodes[0].start();
    await check.flows();
  });
  await check.expect({ doubled: mayRepeat });
  await check.leave();
  await isEmpty(cluster);
});

test('leftovers: nothing of sessions that never connected, subscribed to what nobody publishes, or hold a lost answer', { ms: MS }, async (t) => {
  const cluster = await Cluster.start(t, { redis: await Redis.start(t), timeout: TIMEOUT_S }), room = freshRoom();
  const { nodes: [one, two] } = cluster;
  for (let number = 0; number < 50; number++) {
    await Session.open(one.url);
    const session = await Session.open(one.url);
    await session.subscribe(room, `${room}/${number}`, `${room}/**`);
    session.url = two.url;
    await session.publish(`${room}/${number}`, number);
    await session.poll();
  }
  assert.ok((await cluster.redis.keys()).length > 50);
  await isEmpty(cluster);
});

test('leftovers: Redis does not grow with the number of messages', { ms: MS, alone: true }, async (t) => {
  const cluster = await Cluster.start(t, { redis: await Redis.start(t), timeout: TIMEOUT_S, 'redis-log': 1000 }), check = new Checker(t), room = freshRoom();
  const { redis, nodes } = cluster;
  for (const { url } of nodes) await check.subscriber({ url, kind: 'websocket', patterns: [room] });
  // To one channel that is wanted and to as many as there are messages that nobody wants, in batches.
  let count = 0;
  const publish = async (batches) => {
    for (let batch = 0; batch < batches; batch++) {
      const messages = Array.from({ length: 50 }, () => ({ channel: `${room}/nobody/${++count}`, data: 'x'.repeat(500) }));
      await send(nodes[batch % nodes.length].url, messages);
    }
  };
  const publishers = nodes.map((node) => check.posterAt(node, { padding: 500 }));
  const round = () => Promise.all([check.publishAll(publishers, [room], 500), publish(60)]);

  await round(); // now the log is full
  await check.ledger.isSettled();
  const before = await redis.info('used_memory_dataset');
  for (let n = 0; n < 4; n++) await round();
  await check.expect({ doubled: mayRepeat });
  assert.ok(await redis.do('XLEN', cluster.key(`log:${room}`)) <= LOG_MOST);
  // `done` keys live for three timeouts: they are as many as publishes in that time.
  const keys = await redis.keys(), others = keys.filter((key) => !key.startsWith(cluster.key('done:')));
  assert.ok(others.length < 40, others.join(' '));
  const after = await redis.info('used_memory_dataset');
  assert.ok(after - before < 4 << 20, `${before} bytes, then ${after}`);
});
