// lease, and what publish does with entries of the stream `publish` and with what was heard on the channel.
import assert from 'node:assert/strict';
import { test } from '../../system/lib/harness.mjs';
import { Cluster, T, next } from '../lib/cluster.mjs';

const LEASE_MS = 60000; // longer than any test

const lease = (c) => c.admin.hGetAll(c.key('intake')).then((fields) => ({ ...fields }));
const expire = (c) => c.admin.hSet(c.key('intake'), 'until', '1');
const put = (c, data) => c.admin.xAdd(c.key('publish'), '*', { channel: '/x', data });
const left = (c) => c.admin.xLen(c.key('publish'));
const texts = async (c) => (await c.log('/x')).map((line) => line.split(' ').at(-1));

async function start(t) {
  const c = await Cluster.start(t);
  const [a, b] = await c.nodes();
  await a.keep('/x');
  return { c, a, b };
}

test('lease: who is first has it, until it is over', async (t) => {
  const { c, a, b } = await start(t);
  const seq = await c.seq(), before = Date.now();
  const [word, token] = await a.lease(LEASE_MS);
  assert.deepEqual([word, token], ['OK', next(seq)]);
  const { until, ...rest } = await lease(c);
  assert.deepEqual(rest, { node: 'a', token });
  assert.ok(until >= before + LEASE_MS && until <= Date.now() + LEASE_MS, until);
  await c.lives('intake', 5);

  assert.deepEqual(await b.lease(LEASE_MS), ['TAKEN']);
  assert.deepEqual(await a.lease(LEASE_MS), ['OK', token]);
  assert.deepEqual(await b.lease(LEASE_MS), ['TAKEN']);
  await expire(c);
  assert.deepEqual(await b.lease(LEASE_MS), ['OK', next(token)]);
  assert.deepEqual(await a.lease(LEASE_MS), ['TAKEN']);
  assert.deepEqual(await c.heard(), []);
});

test('lease: each word makes it longer; who lets it lapse gets another token', async (t) => {
  const { c, a } = await start(t);
  const [, token] = await a.lease(LEASE_MS);
  await c.admin.hSet(c.key('intake'), 'until', String(Date.now() + 30000));
  await c.wane('intake');
  assert.deepEqual(await a.lease(2 * LEASE_MS), ['OK', token]);
  assert.ok((await lease(c)).until > Date.now() + LEASE_MS);
  await c.lives('intake', 5);
  await expire(c);
  assert.deepEqual(await a.lease(LEASE_MS), ['OK', next(token)]);
});

test('lease: is given up at once', async (t) => {
  const { c, a, b } = await start(t);
  const [, token] = await a.lease(LEASE_MS);
  assert.equal((await a.lease(0))[0], 'OK');
  assert.deepEqual(await b.lease(LEASE_MS), ['OK', next(token)]);
  assert.deepEqual(await a.lease(0), ['TAKEN']);
  assert.equal((await lease(c)).node, 'b');
});

test('publish: an entry leaves the stream by it', async (t) => {
  const { c, a } = await start(t);
  const [one, two] = [await put(c, '1'), await put(c, '2')];
  const seq = await c.seq();
  assert.deepEqual(await a.publish('/x 1', ['/x'], { done: `@entry ${one}` }), ['OK', next(seq)]);
  assert.deepEqual((await c.admin.xRange(c.key('publish'), '-', '+')).map(({ id }) => id), [two]);
  assert.deepEqual(await c.heard(), [`/x ${next(seq)} a 1 /x 1`]);
});

test('publish: an entry is done once, by whichever node is first, and in order', async (t) => {
  const { c, a, b } = await start(t);
  const all = ['1', '2', '3', '4', '5'], ids = [];
  for (const data of all) ids.push(await put(c, data));
  const words = [];
  const by = async (node, i) => words.push((await node.publish(`/x ${all[i]}`, ['/x'], { done: `@entry ${ids[i]}` }))[0]);
  for (const [node, i] of [[a, 0], [b, 0], [b, 1], [b, 2], [a, 1], [a, 2], [a, 3], [b, 3], [b, 4], [a, 4]]) await by(node, i);
  assert.deepEqual(words, ['OK', 'DONE', 'OK', 'OK', 'DONE', 'DONE', 'OK', 'DONE', 'OK', 'DONE']);
  assert.deepEqual(await texts(c), all);
  assert.equal(await left(c), 0);

  // What was skipped has its k all the same.
  assert.equal((await a.publish('/x 6', ['/x']))[0], 'OK');
  assert.equal((await b.publish('/x 7', ['/x']))[0], 'OK');
});

test('publish: an entry stays where its number is not the next, or the node is not known', async (t) => {
  const { c, a } = await start(t);
  const id = await put(c, '1');
  assert.deepEqual(await a.publish('/x 1', ['/x'], { k: 2, done: `@entry ${id}` }), ['AGAIN', '0']);
  await c.admin.del(c.key('node:a'));
  assert.deepEqual(await a.publish('/x 1', ['/x'], { k: 1, done: `@entry ${id}` }), ['EMPTIED']);
  assert.equal(await left(c), 1);
  assert.deepEqual(await texts(c), []);
});

test('publish: there is no such entry, and no stream', async (t) => {
  const { c, a } = await start(t);
  assert.deepEqual(await a.publish('/x 1', ['/x'], { done: '@entry 5-0' }), ['DONE']);
  assert.ok(!await c.has('publish'));
  assert.deepEqual(await texts(c), []);
});

test('publish: what was heard under a lease counts until another has one', async (t) => {
  const { c, a, b } = await start(t);
  const [, token] = await a.lease(LEASE_MS);
  const heard = (node, text, under) => node.publish(`/x ${text}`, ['/x'], { done: `@lease ${under}` });
  assert.equal((await heard(a, '1', token))[0], 'OK');
  assert.equal((await heard(a, '2', token))[0], 'OK');
  await expire(c); // but nobody else was there
  assert.equal((await heard(a, '3', token))[0], 'OK');
  const [, newer] = await b.lease(LEASE_MS);
  assert.deepEqual(await heard(a, '4', token), ['DONE']);
  assert.equal((await heard(b, '5', newer))[0], 'OK');
  await expire(c);
  const [, newest] = await a.lease(LEASE_MS);
  assert.deepEqual(await heard(a, '6', token), ['DONE']);
  assert.deepEqual(await heard(b, '7', newer), ['DONE']);
  assert.equal((await heard(a, '8', newest))[0], 'OK');
  await c.admin.del(c.key('intake'));
  assert.deepEqual(await heard(a, '9', newest), ['DONE']);
  assert.deepEqual(await texts(c), ['1', '2', '3', '5', '8']);
});

test('lease: T is the one of the caller', async (t) => {
  const { c, a } = await start(t);
  await c.evalsha('lease', ['a', a.gen, 10, LEASE_MS]);
  const ttl = await c.admin.ttl(c.key('intake'));
  assert.ok(ttl > 0 && ttl <= 50 && 50 < T, `${ttl} s`);
  assert.deepEqual(await c.eternal(), ['epoch', 'seq']);
});
