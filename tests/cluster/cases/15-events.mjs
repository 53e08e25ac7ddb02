// Event streams among three nodes: a stream stays where it was opened, whichever nodes its client's connects come to.
import assert from 'node:assert/strict';
import { Session, send } from '../../system/lib/bayeux.mjs';
import { Events } from '../../system/lib/events.mjs';
import { test } from '../../system/lib/harness.mjs';
import { Cluster } from '../lib/cluster.mjs';
import { freshRoom } from '../lib/checker.mjs';
import { Redis } from '../lib/redis.mjs';

const port = (node) => new URL(node.url).port;
const say = (node, channel, data) => send(node.url, [{ channel, data }]);

async function connect(node, clientId, id) {
  return (await send(node.url, [{ channel: '/meta/connect', clientId, id, connectionType: 'eventsource' }]))[0];
}

test('events: a stream is opened where the session is not, and connects come to other nodes', async (t) => {
  const { nodes: [one, two, three] } = await Cluster.start(t, { redis: await Redis.start(t) }), room = freshRoom();
  const session = await Session.open(one.url);
  await session.subscribe(`${room}/*`);
  await say(three, `${room}/a`, 'before');
  const events = await Events.open(t, port(two), session.clientId);
  assert.equal(events.status, 200);
  assert.deepEqual(await events.hears('before'), ['before']);
  for (const [number, node] of [one, three, two, one].entries()) {
    const reply = await connect(node, session.clientId, `c${number}`);
    assert.equal(reply.successful, true, JSON.stringify(reply));
    assert.equal(reply.advice.timeout, 0);
    await say(node, `${room}/b`, number);
    await events.hears(number);
  }
  assert.deepEqual(events.data, ['before', 0, 1, 2, 3]);
});

test('events: another node takes the stream over when its node is killed', async (t) => {
  const { nodes: [one, two, three] } = await Cluster.start(t, { redis: await Redis.start(t) }), room = freshRoom();
  const session = await Session.open(one.url);
  await session.subscribe(room);
  const first = await Events.open(t, port(two), session.clientId);
  await say(one, room, 1);
  await first.hears(1);
  await two.kill();
  await say(one, room, 2);
  const second = await Events.open(t, port(three), session.clientId);
  await say(one, room, 3);
  const heard = await second.hears(3);
  assert.deepEqual([...new Set(heard)].filter((data) => data > 1), [2, 3]);
});

test('events: a stream of a client that nobody knows ends, and its connects are told', async (t) => {
  const { nodes: [one, two, three] } = await Cluster.start(t, { redis: await Redis.start(t) });
  const session = await Session.open(one.url);
  await send(three.url, [session.message('/meta/disconnect')]);
  const events = await Events.open(t, port(two), session.clientId);
  await events.closed;
  assert.deepEqual(events.data, []);
  const reply = await connect(two, session.clientId, 'c');
  assert.equal(reply.successful, false);
  assert.match(reply.error, /^401:/);
  assert.deepEqual(reply.advice, { reconnect: 'handshake' });
});
