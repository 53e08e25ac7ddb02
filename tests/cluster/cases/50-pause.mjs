// A node stands still for five seconds and goes on as if nothing had been: its clients have gone elsewhere meanwhile, and
// what they had sent it still lies in its sockets.
import { test } from '../../system/lib/harness.mjs';
import { sleep } from '../../system/lib/wait.mjs';
import { Checker } from '../lib/checker.mjs';
import { Cluster } from '../lib/cluster.mjs';
import { Crowd } from '../lib/crowd.mjs';
import { mayRepeatAfterPause } from '../lib/promises.mjs';
import { Redis } from '../lib/redis.mjs';

const MS = 300000, PAUSE_S = 5;
const PACE_MS = 100; // a log holds a thousand messages: what is missed must not be more

// With a short timeout clients give up on the node while it stands still, and are sent elsewhere. One that knew no other, or
// was sent there again, would be forgotten.
for (const timeout of [3, 10]) {
  const isShort = timeout < PAUSE_S;
  for (const [title, kinds] of [['long-polling', ['long-polling']], ['every kind', undefined]]) {
    test(`pause: nodes stand still for ${PAUSE_S} s, ${title}, timeout ${timeout} s`, { ms: MS }, async (t) => {
      const cluster = await Cluster.start(t, { redis: await Redis.start(t), timeout }), check = new Checker(t);
      const crowd = await Crowd.gather(t, cluster, check, { kinds, faithful: !isShort });
      await check.publishing(crowd.publishers, crowd.channels, async () => {
        await check.flows();
        for (const node of cluster.nodes.slice(0, 2)) {
          if (isShort) crowd.front.avoided.add(node);
          await node.whilePaused(() => sleep(PAUSE_S * 1000));
          crowd.front.avoided.delete(node);
          await cluster.heals();
          await check.flows();
        }
      }, { pace_ms: PACE_MS });
      await check.expect({ doubled: kinds ? undefined : mayRepeatAfterPause(PAUSE_S) });
    });
  }
}
