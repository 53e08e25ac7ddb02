// Background jobs publish through Redis alone: XADD, which is taken exactly once by the cluster, and PUBLISH.
import { test } from '../../system/lib/harness.mjs';
import { Checker } from '../lib/checker.mjs';
import { Cluster } from '../lib/cluster.mjs';
import { Crowd } from '../lib/crowd.mjs';
import { mayRepeat } from '../lib/promises.mjs';
import { Redis } from '../lib/redis.mjs';

const MS = 180000, COUNT = 500;

async function start(t) {
  const cluster = await Cluster.start(t, { redis: await Redis.start(t) }), check = new Checker(t);
  return { cluster, check, crowd: await Crowd.gather(t, cluster, check, { kinds: ['websocket', 'long-polling'] }) };
}

for (const how of ['XADD', 'PUBLISH']) {
  test(`background: two jobs publish by ${how} while clients do, too`, { ms: MS }, async (t) => {
    const { cluster, check, crowd } = await start(t);
    const jobs = [check.job(cluster, how), check.job(cluster, how)];
    await check.publishing(crowd.publishers, crowd.channels, () => check.publishAll(jobs, crowd.channels, COUNT));
    await check.expect();
  });

  test(`background: bad entries by ${how} do not block the rest`, { ms: MS }, async (t) => {
    const { cluster, check, crowd } = await start(t);
    const job = check.job(cluster, how), channel = crowd.channels[0];
    const bad = ['', 'x', '[]', 'null', '"text"', '{}', '{"channel":"/a"}', '{"data":1}', '{"channel":"/meta/connect","data":1}',
      '{"channel":"no channel","data":1}', '{"channel":"/a/**","data":1}', '{"channel":7,"data":1}', `{"channel":"/a","data":${'['.repeat(100)}${']'.repeat(100)}}`,
      Buffer.from('{"channel":"/a","data":"\xff"}', 'latin1'), 'x'.repeat(2 << 20)];
    for (const text of bad) {
      await job.put(text);
      await check.publish(job, channel);
    }
    await check.expect();
  });
}

test('background: entries of another shape do not block the rest', { ms: MS }, async (t) => {
  const { cluster, check, crowd } = await start(t);
  const job = check.job(cluster, 'XADD'), key = cluster.key('publish');
  await cluster.redis.do('XADD', key, '*', 'other', 'field');
  await check.publish(job, crowd.channels[0]);
  await cluster.redis.do('XADD', key, '*', 'other', 'field', 'message', '{"channel":"/else","data":1}');
  await check.publish(job, crowd.channels[0]);
  await check.expect();
});

test('background: what is put in while no node runs comes when one does', { ms: MS }, async (t) => {
  const { cluster, check, crowd } = await start(t);
  const job = check.job(cluster, 'XADD');
  await check.publishAll([job], crowd.channels, 20);
  await Promise.all(cluster.nodes.map((node) => node.kill()));
  await check.publishAll([job], crowd.channels, 20);
  await Promise.all(cluster.nodes.map((node) => node.start()));
  await check.publishAll([job], crowd.channels, 20);
  await check.expect({ doubled: mayRepeat });
});

test('background: taken once, though the nodes that take it die', { ms: MS }, async (t) => {
  const { cluster, check, crowd } = await start(t);
  const jobs = [check.job(cluster, 'XADD'), check.job(cluster, 'XADD')];
  await check.publishing(jobs, crowd.channels, async () => {
    for (const node of [...cluster.nodes, cluster.nodes[0]]) {
      await check.flows();
      await node.kill();
      await check.flows();
      await node.start();
    }
  });
  await check.expect({ doubled: mayRepeat });
});
