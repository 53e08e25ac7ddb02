// Nodes die, hard or in good order, one after the other and under load, and come back as others on their ports.
import assert from 'node:assert/strict';
import { Session, exchange, post, send } from '../../system/lib/bayeux.mjs';
import { test } from '../../system/lib/harness.mjs';
import { sleep, within } from '../../system/lib/wait.mjs';
import { Checker, freshRoom } from '../lib/checker.mjs';
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

// An empty answer would acknowledge what Redis has been told of this connect: there must be none.
test('kill: SIGTERM while an answer is being recorded', async (t) => {
  const cluster = await Cluster.start(t, { redis: await Redis.start(t), cables: true, count: 2 }), room = freshRoom();
  const { redis, nodes: [home, other] } = cluster, session = await Session.open(home.url);
  await session.subscribe(room);
  await send(other.url, [{ channel: room, data: 'before' }]);
  while (!(await session.poll()).messages.length); // now the room is heard at home, and nothing is to be read any more
  await session.poll();
  const seen = () => redis.do('HGET', cluster.key(`client:${session.clientId}`), 'seen');
  const before = await seen(), connect = session.connectMessage(), held = post(home.url, [connect]);
  const isHeld = async () => { while (await seen() === before) await sleep(10); };
  await within(isHeld(), () => 'Redis to hear of the connect');
  const recorded = () => redis.do('HGET', cluster.key(`client:${session.clientId}`), 'connect'), earlier = await recorded();
  home.cable.stall({ only: 'commands', direction: 'down' });
  await send(other.url, [{ channel: room, data: 'recorded' }]);
  const isRecorded = async () => { while (await recorded() === earlier) await sleep(10); };
  await within(isRecorded(), () => 'Redis to have the answer');
  await home.stop();
  const answered = await held.answer.then(({ json }) => json, () => null);
  assert.equal(answered, null, 'hung up');
  // The other may hang up, too, until it is sure.
  const again = async () => { for (;;) try { return (await exchange(other.url, [connect])).json; } catch { await sleep(100); } };
  const json = await within(again(), () => 'an answer at the other node');
  assert.deepEqual(json.slice(1).map(({ data }) => data), ['recorded']);
});
