// Redis behind Sentinel: another becomes master, and what the former had not passed on is gone.
import { test } from '../../system/lib/harness.mjs';
import { Checker } from '../lib/checker.mjs';
import { Cluster } from '../lib/cluster.mjs';
import { Crowd } from '../lib/crowd.mjs';
import { redisFailedOver } from '../lib/promises.mjs';
import { Sentinels } from '../lib/sentinel.mjs';

const MS = 300000;
const TIMEOUT_S = 20; // sessions live for two of it: sentinels on a busy machine may take half a minute

const WAYS = {
  'the master is told to go': (sentinels) => sentinels.failOver(),
  'the master is killed': (sentinels) => sentinels.failOverByKill(),
};

for (const [title, failOver] of Object.entries(WAYS)) {
  test(`sentinel: ${title}`, { ms: MS }, async (t) => {
    const sentinels = await Sentinels.start(t), cluster = await Cluster.start(t, { url: sentinels.url, timeout: TIMEOUT_S });
    const check = new Checker(t), crowd = await Crowd.gather(t, cluster, check);
    let trouble;
    await check.publishing(crowd.publishers, crowd.channels, async () => {
      await check.flows();
      trouble = await check.trouble(cluster, () => failOver(sentinels));
      await check.flows();
    }, { pace_ms: 80 });
    await check.expect(redisFailedOver(trouble));
  });
}

test('sentinel: a sentinel that is down is passed over', { ms: MS }, async (t) => {
  const sentinels = await Sentinels.start(t);
  await sentinels.watchers[0].kill();
  const cluster = await Cluster.start(t, { url: sentinels.url, count: 2 }), check = new Checker(t);
  const crowd = await Crowd.gather(t, cluster, check, { kinds: ['long-polling'] });
  await check.publishAll(crowd.publishers, crowd.channels, 20);
  await check.expect();
});
