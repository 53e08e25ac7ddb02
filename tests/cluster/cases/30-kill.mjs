// Nodes die, hard or in good order, one after the other and under load, and come back as others on their ports.
import { test } from '../../system/lib/harness.mjs';
import { Checker } from '../lib/checker.mjs';
import { Cluster } from '../lib/cluster.mjs';
import { Crowd } from '../lib/crowd.mjs';
import { mayRepeat } from '../lib/promises.mjs';
import { Redis } from '../lib/redis.mjs';

const MS = 300000;

async function play(t, kinds, act) {
  const cluster = await Cluster.start(t, { redis: await Redis.start(t) }), check = new Checker(t);
  const crowd = await Crowd.gather(t, cluster, check, { kinds });
  await check.publishing(crowd.publishers, crowd.channels, async () => {
    await check.flows();
    await act(cluster, check);
  });
  return check;
}

const ENDINGS = { 'kill -9': (node) => node.kill(), SIGTERM: (node) => node.stop() };

for (const [ending, end] of Object.entries(ENDINGS)) {
  // Clients that know all nodes go elsewhere; those that know the one wait for it, and are known to what comes.
  const eachOnce = async ({ nodes }, check) => {
    for (const node of nodes) {
      await end(node);
      await check.flows();
      await node.start();
      await check.flows();
    }
  };

  test(`kill: ${ending} of one node after the other, long-polling`, { ms: MS }, async (t) => {
    await (await play(t, ['long-polling'], eachOnce)).expect();
  });

  test(`kill: ${ending} of one node after the other, every kind`, { ms: MS }, async (t) => {
    await (await play(t, undefined, eachOnce)).expect({ doubled: mayRepeat });
  });

  test(`kill: ${ending} of all but one node at once`, { ms: MS }, async (t) => {
    const check = await play(t, undefined, async ({ nodes: [, ...others] }, check) => {
      await Promise.all(others.map(end));
      await check.flows();
      await Promise.all(others.map((node) => node.start()));
      await check.flows();
    });
    await check.expect({ doubled: mayRepeat });
  });
}

test('kill: all nodes at once; what clients had subscribed to lives on in Redis', { ms: MS }, async (t) => {
  const check = await play(t, undefined, async ({ nodes }, check) => {
    await Promise.all(nodes.map((node) => node.kill()));
    await Promise.all(nodes.map((node) => node.start()));
    await check.flows();
  });
  await check.expect({ doubled: mayRepeat });
});
