// publish and read.
import assert from 'node:assert/strict';
import { test } from '../../system/lib/harness.mjs';
import { Cluster, T, next } from '../lib/cluster.mjs';

const JSON_TEXT = '{"channel":"/x","data":"\\u0000 \u00fc \\" % \u{1f600}"}';

test('publish: goes to the patterns that are wanted, under one number', async (t) => {
  const c = await Cluster.start(t);
  const a = await c.node('a');
  await a.keep('/x', '/**');
  const seq = next(await c.seq());
  assert.deepEqual(await a.publish(`/x ${JSON_TEXT}`, ['/x', '/*', '/**']), ['OK', seq]);
  const text = `a 1 /x ${JSON_TEXT}`;
  assert.deepEqual(await c.heard(), [`/x ${seq} ${text}`, `/** ${seq} ${text}`]);
  assert.deepEqual(await c.log('/x'), [`${seq}-0 ${text}`]);
  assert.deepEqual(await c.log('/**'), [`${seq}-0 ${text}`]);
  assert.ok(!await c.has('log:/*'));
});

test('publish: no pattern is wanted, and none is given', async (t) => {
  const c = await Cluster.start(t);
  const a = await c.node('a');
  assert.equal((await a.publish('/x 1', ['/x']))[0], 'OK');
  assert.equal((await a.publish('/x 2', []))[0], 'OK');
  assert.deepEqual(await c.heard(), []);
  assert.deepEqual(await c.eternal(), ['epoch', 'seq']);
});

test('publish: does not refresh a log, so one that nobody keeps ends', async (t) => {
  const c = await Cluster.start(t);
  const a = await c.node('a');
  await a.keep('/x');
  await c.wane('log:/x');
  await a.publish('/x 1', ['/x']);
  assert.ok(await c.admin.ttl(c.key('log:/x')) <= 7);
});

test('publish: everywhere makes the logs', async (t) => {
  const c = await Cluster.start(t);
  const a = await c.node('a');
  await a.keep('/x');
  const [, seq] = await a.publish('/x 1', ['/x', '/**'], { everywhere: 1 });
  assert.deepEqual(await c.heard(), [`/x ${seq} a 1 /x 1`, `/** ${seq} a 1 /x 1`]);
  assert.deepEqual(await c.log('/**'), [`${seq}-0 a 1 /x 1`]);
  await c.lives('log:/**', 5);
  await c.lives('log:/x', 5);
});

test('publish: k must be the next one', async (t) => {
  const c = await Cluster.start(t);
  const a = await c.node('a');
  await a.keep('/x');
  assert.equal((await a.publish('/x 1', ['/x'], { k: 1 }))[0], 'OK');
  const seq = await c.seq();
  assert.deepEqual(await a.publish('/x 1', ['/x'], { k: 1 }), ['AGAIN', '1']);
  assert.deepEqual(await a.publish('/x 3', ['/x'], { k: 3 }), ['AGAIN', '1']);
  assert.deepEqual(await a.publish('/x 0', ['/x'], { k: 0, done: 'id key' }), ['AGAIN', '1']);
  assert.equal(await c.seq(), seq);
  assert.equal((await c.log('/x')).length, 1);
  assert.ok(!await c.has('done:id:0:key'));
  assert.equal((await a.publish('/x 2', ['/x'], { k: 2 }))[0], 'OK');
  assert.equal(await c.admin.hGet(c.key('node:a'), 'k'), '2');
});

test('publish: an emptied Redis is told, and stays empty', async (t) => {
  const c = await Cluster.start(t);
  const a = await c.node('a');
  await c.admin.del(['epoch', 'seq', 'node:a', 'log:@a'].map((name) => c.key(name)));
  assert.deepEqual(await a.publish('/x 1', ['/x'], { everywhere: 1, done: 'id key' }), ['EMPTIED']);
  assert.deepEqual(await c.admin.keys(`${c.prefix}*`), []);
});

test("publish: a client's request is done once, on whatever node", async (t) => {
  const c = await Cluster.start(t);
  const [a, b] = await c.nodes();
  await a.keep('/x');
  assert.equal((await a.publish('/x 1', ['/x'], { done: 'id key' }))[0], 'OK');
  assert.deepEqual(await b.publish('/x 1', ['/x'], { done: 'id key' }), ['DONE']);
  assert.deepEqual(await a.publish('/x 1', ['/x'], { done: 'id key' }), ['DONE']);
  assert.equal((await c.log('/x')).length, 1);
  await c.lives('done:id:0:key', 3);

  // What was refused has its k all the same: the next one is the next.
  assert.equal(await c.admin.hGet(c.key('node:b'), 'k'), '1');
  assert.equal((await b.publish('/x 2', ['/x'], { done: 'id other' }))[0], 'OK');
  assert.equal((await b.publish('/x 3', ['/x'], { done: 'id2 key' }))[0], 'OK');
  assert.equal((await c.log('/x')).length, 3);
});

test('publish: a page that was loaded again may use its ids again', async (t) => {
  const c = await Cluster.start(t);
  const [a, b] = await c.nodes();
  await a.create('id');
  await a.touch('id', '1', 'c9', { count: 9 });
  assert.equal((await a.publish('/x 1', [], { done: 'id key' }))[0], 'OK');
  assert.ok(await c.has('done:id:0:key'));
  await a.touch('id', '1', 'c1', { count: 1 });
  assert.equal((await b.publish('/x 2', [], { done: 'id key' }))[0], 'OK');
  assert.ok(await c.has('done:id:1:key'));
  assert.deepEqual(await a.publish('/x 2', [], { done: 'id key' }), ['DONE']);
});

test('publish: a log keeps about maxlen entries', async (t) => {
  const c = await Cluster.start(t);
  const a = await c.node('a');
  await a.keep('/x');
  await Promise.all(Array.from({ length: 600 }, (_, i) => a.publish(`/x ${i}`, ['/x'], { maxlen: 100 })));
  const log = await c.log('/x');
  assert.ok(log.length >= 100 && log.length < 600, `${log.length} entries`);
  assert.match(log.at(-1), / a 600 \/x 599$/);
});

test('publish: thousands of patterns, and a text of a megabyte', async (t) => {
  const c = await Cluster.start(t);
  const a = await c.node('a');
  const patterns = Array.from({ length: 5000 }, (_, i) => `/many/${i}`);
  await a.keep(...patterns);
  assert.equal((await a.publish('/x 1', patterns))[0], 'OK');
  assert.equal((await c.heard()).length, 5000);
  const long = `/x ${'y'.repeat(1 << 20)}`;
  const [, seq] = await a.publish(long, ['/many/0']);
  assert.deepEqual(await c.heard(), [`/many/0 ${seq} a 2 ${long}`]);
});

test('read: what each log has beyond a number, then a mark that is not logged', async (t) => {
  const c = await Cluster.start(t);
  const a = await c.node('a');
  await a.keep('/x', '/y');
  const [, one] = await a.publish('/x 1', ['/x', '/y']);
  const [, two] = await a.publish('/x 2', ['/x', '/y']);
  await c.heard();

  assert.deepEqual(await a.read({ '/x': 0, '/y': one, '/*': 0 }), ['OK', next(two), '1', '0',
    [one, 'a 1 /x 1', two, 'a 2 /x 2'], [two, 'a 2 /x 2'], []]);
  assert.deepEqual(await c.heard(), [`@a ${next(two)} mark`]);
  assert.deepEqual(await c.log('@a'), []);
  assert.deepEqual(await a.read({ '/x': two }), ['OK', next(two, 2), '0', '0', []]);
  assert.deepEqual(await a.read({ '/x': next(two, 100) }), ['OK', next(two, 3), '0', '0', []]);
  assert.deepEqual(await a.read({}), ['OK', next(two, 4), '0', '0']);
});

test('read: makes what is missing and refreshes the rest, so that nothing is missed from now on', async (t) => {
  const c = await Cluster.start(t);
  const a = await c.node('a');
  await a.keep('/x');
  await c.wane('log:/x');
  await c.wane('log:@a');
  assert.equal((await a.read({ '/x': 0, '/y': 0, '@a': 0 }))[2], '1');
  for (const name of ['/x', '/y', '@a']) await c.lives(`log:${name}`, 5);
  const [, seq] = await a.publish('/y 1', ['/y']);
  assert.deepEqual((await a.read({ '/y': 0 }))[4], [seq, 'a 1 /y 1']);
});

test("read: a node's notes are in its inbox", async (t) => {
  const c = await Cluster.start(t);
  const [a, b] = await c.nodes();
  await a.create('id');
  await b.subscribe('id', '/x');
  const seq = await c.seq();
  assert.deepEqual((await a.read({ '@a': 0 }))[4], [seq, '+ id /x']);
});

test('read: a log that is full and begins behind `from` counts as trimmed', async (t) => {
  const c = await Cluster.start(t);
  const a = await c.node('a');
  await a.keep('/x', '/y');
  const seqs = [];
  for (let i = 0; i < 3; i++) seqs.push((await a.publish('/x 1', ['/x', '/y']))[1]);
  const trimmed = async (logs, maxlen) => (await a.read(logs, maxlen))[3];
  assert.equal(await trimmed({ '/x': 0 }, 4), '0');
  assert.equal(await trimmed({ '/x': 0, '/y': 0 }, 3), '2');
  assert.equal(await trimmed({ '/x': next(seqs[0], -1) }, 3), '1');
  assert.equal(await trimmed({ '/x': seqs[0] }, 3), '0');
  assert.equal(await trimmed({ '/x': seqs[2] }, 3), '0');
});

test('read: an inbox has a length of its own', async (t) => {
  const c = await Cluster.start(t);
  const [a] = await c.nodes();
  await a.create('id');
  const ten = Array.from({ length: 10 }, (_, i) => `/${i}`);
  await a.subscribe('id', ...ten);
  for (const pattern of ten) await a.change('id', '-', [pattern]);
  assert.equal((await a.read({ '@a': 0 }, 5))[3], '0');

  await Promise.all(Array.from({ length: 5100 }, async (_, i) => {
    await a.subscribe('id', `/n${i}`);
    await a.change('id', '-', [`/n${i}`]);
  }));
  assert.equal((await a.read({ '@a': 0 }, 5))[3], '1');
  const length = (await c.log('@a')).length;
  assert.ok(length >= 10000 && length <= 10200, `${length} notes`);
});

test('what was published, marked, noted and beaten is heard in one order', async (t) => {
  const c = await Cluster.start(t);
  const [a, b] = await c.nodes();
  await a.create('id');
  await b.subscribe('id', '/x');
  await b.publish('/x 1', ['/x']);
  await a.read({ '/x': 0 });
  await b.change('id', '-', ['/x']);
  await a.beat(1);
  const heard = await c.heard();
  assert.deepEqual(heard.map((line) => line.replace(/ \d+ /, ' ')),
    ['@a + id /x', '/x b 1 /x 1', '@a mark', '@a - id /x', '@a beat']);
  const seqs = heard.map((line) => line.split(' ')[1]);
  assert.deepEqual(seqs, seqs.map((_, i) => next(seqs[0], i)));
});

test('publish: T is the one of the caller', async (t) => {
  const c = await Cluster.start(t);
  await c.node('a');
  await c.evalsha('publish', ['a', 10, 1, 'id key', 0, 1000, '/x 1']);
  const ttl = await c.admin.ttl(c.key('done:id:0:key'));
  assert.ok(ttl > 0 && ttl <= 30 && 30 < T, `${ttl} s`);
});
