// Three nodes on one Redis behind the real HAProxy and the real nginx, as contrib/ sets them up: round-robin, and nothing
// sticks. Clients of every kind know one address.
import assert from 'node:assert/strict';
import { Session, send } from '../../system/lib/bayeux.mjs';
import { test } from '../../system/lib/harness.mjs';
import { Balancer } from '../../system/lib/proxies.mjs';
import { Checker, freshRoom } from '../lib/checker.mjs';
import { Cluster } from '../lib/cluster.mjs';
import { KINDS } from '../lib/faye.mjs';
import { mayRepeat } from '../lib/promises.mjs';
import { Redis } from '../lib/redis.mjs';

const MS = 180000;
const COUNT = 100; // messages of one publisher
const EACH = 3;    // clients of each kind

const behind = async (t, kind) => {
  const cluster = await Cluster.start(t, { redis: await Redis.start(t) });
  const nodes = cluster.nodes.map((node) => ({ port: Number(new URL(node.url).port) }));
  return { cluster, balancer: await Balancer.start(t, kind, nodes) };
};

for (const proxy of ['haproxy', 'nginx']) {
  test(`proxied: every kind of client through ${proxy} to three nodes`, { ms: MS }, async (t) => {
    const { balancer: { url } } = await behind(t, proxy), check = new Checker(t), room = freshRoom();
    const channels = [`${room}/a`, `${room}/b/c`], publishers = [check.poster(() => url)];
    for (let number = 0; number < EACH; number++) {
      for (const kind of KINDS) await check.subscriber({ url, kind, patterns: number % 2 ? [`${room}/**`] : channels });
      publishers.push(await check.publisher({ url, kind: 'websocket' }), await check.publisher({ url, kind: 'long-polling' }));
    }
    await check.publishAll(publishers, channels, COUNT);
    await check.expect({ doubled: (one) => one.account.name.endsWith('mixed') && mayRepeat(one) });
  });

  test(`proxied: one session's requests go to all nodes through ${proxy}`, { ms: MS }, async (t) => {
    const { cluster, balancer: { url } } = await behind(t, proxy), room = freshRoom();
    const session = await Session.open(url), homes = new Set();
    await session.subscribe(room);
    for (let number = 0; number < 12; number++) {
      await send(url, [{ channel: room, data: number }]);
      const heard = [];
      while (!heard.length) heard.push(...(await session.poll()).messages);
      assert.deepEqual(heard.map(({ data }) => data), [number]);
      homes.add(await cluster.redis.do('HGET', cluster.key(`client:${session.clientId}`), 'home'));
    }
    assert.equal(homes.size, 3);
  });
}
