// What breaks things does break them: the cable and the front, before any node hangs on them.
import assert from 'node:assert/strict';
import http from 'node:http';
import { exchange } from '../../system/lib/bayeux.mjs';
import { test } from '../../system/lib/harness.mjs';
import { Inbox, sleep } from '../../system/lib/wait.mjs';
import { Cable } from '../lib/cable.mjs';
import { Cluster } from '../lib/cluster.mjs';
import { Redis } from '../lib/redis.mjs';
import { Front } from '../lib/roundrobin.mjs';

// Two connections by the cable, as a node has them, and what the one that subscribes hears.
async function connected(t) {
  const redis = await Redis.start(t), cable = await Cable.start(t, redis.port);
  const open = () => {
    const client = redis.connect({ port: cable.port });
    client.gone = new Promise((done) => client.on('end', done));
    t.defer(() => client.disconnect());
    return client;
  };
  const commands = open(), subscriber = open(), heard = new Inbox();
  subscriber.on('message', (_, text) => heard.add(text));
  await commands.ping();
  await subscriber.subscribe('c');
  return { redis, cable, open, commands, subscriber, heard };
}

test('tools: a cable tells the two connections apart, and cuts either', async (t) => {
  const { cable, commands, subscriber } = await connected(t);
  assert.equal(cable.subscribers, 1);
  assert.equal(cable.cut({ only: 'subscriber' }), 1);
  await subscriber.gone;
  assert.equal(await commands.ping(), 'PONG');
  assert.equal(cable.cut({ only: 'commands', how: 'fin' }), 1);
  await commands.gone;
});

test('tools: a cable that is down takes nobody until it is up', async (t) => {
  const { cable, open, commands, subscriber } = await connected(t);
  cable.down();
  await Promise.all([commands.gone, subscriber.gone]);
  await assert.rejects(open().ping());
  cable.up();
  assert.equal(await open().ping(), 'PONG');
});

test('tools: what a stalled cable holds comes later, whole and in order', async (t) => {
  const { redis, cable, commands, heard } = await connected(t);
  cable.stall({ only: 'subscriber', direction: 'down' });
  for (let n = 0; n < 100; n++) await redis.do('PUBLISH', 'c', `${n}`);
  assert.equal(await commands.ping(), 'PONG');
  assert.deepEqual(heard.items, []);
  cable.flow();
  assert.deepEqual(await heard.has(100), Array.from({ length: 100 }, (_, n) => `${n}`));
});

test('tools: a cable with a delay keeps order and loses nothing', async (t) => {
  const { redis, cable, heard } = await connected(t);
  cable.delay(30);
  for (let n = 0; n < 50; n++) {
    await redis.do('PUBLISH', 'c', `${n}`);
    if (n === 25) cable.delay(0); // what comes now must not overtake
  }
  assert.deepEqual(await heard.has(50), Array.from({ length: 50 }, (_, n) => `${n}`));
});

test('tools: Redis comes back empty on its port, and stands still when told', async (t) => {
  const { redis, commands } = await connected(t);
  await redis.do('SET', 'key', 'value');
  assert.deepEqual(await redis.keys('k*'), ['key']);
  await redis.whileStopped(async () => {
    const pong = commands.ping();
    assert.equal(await Promise.race([pong, sleep(100)]), undefined);
    pong.catch(() => {}); // killed before it was read
  });
  assert.equal(await redis.killSubscribers(), 1);
  await redis.kill();
  await redis.start();
  assert.deepEqual(await redis.keys(), []);
  assert.equal(await redis.subscriberCount(), 0);
});

test('tools: the front asks each node in turn, on one connection, and passes over one that is down', async (t) => {
  const cluster = await Cluster.start(t, { count: 3 }), front = await Front.start(t, cluster.nodes, 'next');
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  t.defer(() => agent.destroy());
  const open = async () => {
    const { status, json } = await exchange(front.url, [{ channel: '/meta/handshake', version: '1.0', supportedConnectionTypes: ['long-polling'] }], { agent });
    assert.equal(status, 200);
    return json[0].clientId;
  };
  const knowing = async (clientId) => {
    const knows = async (node) => (await exchange(node.url, [{ channel: '/meta/subscribe', clientId, subscription: '/a' }])).json[0].successful;
    const answers = await Promise.all(cluster.living.map(knows));
    return cluster.living.filter((_, index) => answers[index]).map(({ name }) => name);
  };
  const seen = [];
  for (let n = 0; n < 6; n++) seen.push(...await knowing(await open()));
  assert.deepEqual(seen.slice(0, 3).sort(), ['node 1', 'node 2', 'node 3']);
  assert.deepEqual(seen.slice(3), seen.slice(0, 3));
  await cluster.nodes[1].kill();
  for (let n = 0; n < 6; n++) assert.equal((await knowing(await open())).length, 1);
});
