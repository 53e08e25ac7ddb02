// change, and restore: what a session is subscribed to.
import assert from 'node:assert/strict';
import { test } from '../../system/lib/harness.mjs';
import { Cluster, next } from '../lib/cluster.mjs';

async function subs(c, id) {
  const fields = await c.client(id);
  const patterns = Object.keys(fields).filter((name) => name.startsWith('+'));
  assert.equal(fields.subs, String(patterns.length));
  return Object.fromEntries(patterns.sort().map((name) => [name.slice(1), fields[name]]));
}

test('change: + makes logs, tells the home, and holds since that note', async (t) => {
  const c = await Cluster.start(t);
  const [a, b] = await c.nodes();
  await a.create('id');
  const seq = next(await c.seq());
  assert.deepEqual(await b.subscribe('id', '/x', '/**'), ['OK', '2']);
  assert.deepEqual(await c.heard(), [`@a ${seq} + id /x /**`]);
  assert.deepEqual(await c.log('@a'), [`${seq}-0 + id /x /**`]);
  assert.deepEqual(await subs(c, 'id'), { '/**': seq, '/x': seq });
  for (const name of ['/x', '/**']) await c.lives(`log:${name}`, 5);

  // What is published from then on is in the log, with a greater number.
  const [, published] = await b.publish('/x 1', ['/x']);
  assert.deepEqual(await c.log('/x'), [`${published}-0 b 1 /x 1`]);
  assert.equal(published, next(seq));
});

test('change: + refreshes a log that is there', async (t) => {
  const c = await Cluster.start(t);
  const [a] = await c.nodes();
  await a.create('id');
  await a.keep('/x');
  const [, published] = await a.publish('/x 1', ['/x']);
  await c.wane('log:/x');
  await a.subscribe('id', '/x');
  await c.lives('log:/x', 5);
  assert.deepEqual(await c.log('/x'), [`${published}-0 a 1 /x 1`]);
});

test('change: - tells the home, and leaves logs to end by themselves', async (t) => {
  const c = await Cluster.start(t);
  const [a, b] = await c.nodes();
  await a.create('id');
  await a.subscribe('id', '/x', '/y', '/z');
  await c.wane('log:/x');
  await c.heard();
  const seq = next(await c.seq());
  assert.deepEqual(await b.change('id', '-', ['/x', '/none', '/z']), ['OK', '3']);
  assert.deepEqual(await c.heard(), [`@a ${seq} - id /x /z`]);
  assert.deepEqual(Object.keys(await subs(c, 'id')), ['/y']);
  assert.ok(await c.admin.ttl(c.key('log:/x')) <= 7);
  assert.ok(!await c.has('log:/none'));
});

test('change: what changes nothing makes no note and keeps its number', async (t) => {
  const c = await Cluster.start(t);
  const [a] = await c.nodes();
  await a.create('id');
  await a.subscribe('id', '/x');
  const before = await subs(c, 'id');
  await c.heard();
  const seq = await c.seq();
  assert.deepEqual(await a.subscribe('id', '/x'), ['OK', '1']);
  assert.deepEqual(await a.change('id', '-', ['/y']), ['OK', '1']);
  assert.deepEqual(await c.heard(), []);
  assert.equal(await c.seq(), seq);
  assert.deepEqual(await subs(c, 'id'), before);

  assert.deepEqual(await a.subscribe('id', '/x', '/y'), ['OK', '2']);
  assert.match((await c.heard())[0], /^@a \d+ \+ id \/y$/);
  assert.equal((await subs(c, 'id'))['/x'], before['/x']);
});

test('change: a pattern that is named twice counts once', async (t) => {
  const c = await Cluster.start(t);
  const [a] = await c.nodes();
  await a.create('id');
  assert.deepEqual(await a.change('id', '+', ['/x', '/x', '/y'], { limit: 2 }), ['OK', '3']);
  assert.deepEqual(Object.keys(await subs(c, 'id')), ['/x', '/y']);
  assert.deepEqual(await a.change('id', '-', ['/x', '/x']), ['OK', '2']);
  assert.deepEqual(Object.keys(await subs(c, 'id')), ['/y']);
  assert.deepEqual((await c.heard()).map((line) => line.replace(/\d+ /, '')), ['@a + id /x /y', '@a - id /x']);
});

test('change: patterns are taken in order until the limit', async (t) => {
  const c = await Cluster.start(t);
  const [a] = await c.nodes();
  await a.create('id');
  const take = (patterns, limit, key) => a.change('id', '+', patterns, { limit, key });
  assert.deepEqual(await take(['/1', '/2', '/3'], 2), ['OK', '2']);
  assert.deepEqual(Object.keys(await subs(c, 'id')), ['/1', '/2']);
  assert.ok(!await c.has('log:/3'));

  // Those that are there take no room; nothing behind the first that finds none is taken.
  assert.deepEqual(await take(['/2', '/3', '/1', '/4'], 3), ['OK', '3']);
  assert.deepEqual(await take(['/1', '/4', '/2'], 3), ['OK', '1']);
  assert.deepEqual(await take(['/4'], 3), ['OK', '0']);
  assert.deepEqual(await take(['/1'], 0), ['OK', '1']);
  assert.deepEqual(Object.keys(await subs(c, 'id')), ['/1', '/2', '/3']);

  await a.change('id', '-', ['/1', '/2'], { limit: 0 });
  assert.deepEqual(await take(['/4', '/5', '/6'], 3), ['OK', '2']);
  assert.deepEqual(Object.keys(await subs(c, 'id')), ['/3', '/4', '/5']);
});

test('change: a request that comes again has been done', async (t) => {
  const c = await Cluster.start(t);
  const [a, b] = await c.nodes();
  await a.create('id');
  assert.deepEqual(await a.change('id', '+', ['/x'], { key: 'r1' }), ['OK', '1']);
  assert.deepEqual(await a.change('id', '-', ['/x'], { key: 'r2' }), ['OK', '1']);
  await c.heard();
  assert.deepEqual(await b.change('id', '+', ['/x', '/y', '/z'], { key: 'r1', limit: 1 }), ['OK', '3']);
  assert.deepEqual(await subs(c, 'id'), {});
  assert.deepEqual(await c.heard(), []);

  // Also one that changed nothing.
  await a.change('id', '-', ['/x'], { key: 'r3' });
  await a.subscribe('id', '/x');
  assert.deepEqual(await a.change('id', '-', ['/x'], { key: 'r3' }), ['OK', '1']);
  assert.deepEqual(Object.keys(await subs(c, 'id')), ['/x']);
});

test('change: a request that was taken in part has the same answer again', async (t) => {
  const c = await Cluster.start(t);
  const [a] = await c.nodes();
  await a.create('id');
  for (let i = 0; i < 2; i++) {
    assert.deepEqual(await a.change('id', '+', ['/x', '/y', '/z'], { key: 'r1', limit: 2 }), ['OK', '2']);
  }
});

test('change: the last sixteen requests are remembered', async (t) => {
  const c = await Cluster.start(t);
  const [a] = await c.nodes();
  await a.create('id');
  for (let i = 1; i <= 17; i++) await a.change('id', '-', ['/none'], { key: `r${i}` });
  const { ids } = await c.client('id');
  assert.equal(ids, Array.from({ length: 16 }, (_, i) => `r${i + 2}`).join());
  await a.change('id', '-', ['/none']);
  assert.equal((await c.client('id')).ids, ids);
});

test('change: does not let a session live longer', async (t) => {
  const c = await Cluster.start(t);
  const [a] = await c.nodes();
  await a.create('id');
  await c.wane('client:id');
  await a.change('id', '+', ['/x'], { key: 'r1' });
  assert.ok(await c.admin.ttl(c.key('client:id')) <= 7);
});

test('change: thousands of patterns, there and back, and moved', async (t) => {
  const c = await Cluster.start(t);
  const [a, b] = await c.nodes();
  await a.create('id');
  const many = Array.from({ length: 10000 }, (_, i) => `/many/${i}`);
  assert.deepEqual(await a.subscribe('id', ...many), ['OK', '10000']);
  const got = await b.attach('id', 'k');
  assert.deepEqual(Object.keys(got.subs).sort(), [...many].sort());
  assert.deepEqual(await b.change('id', '-', many), ['OK', '10000']);
  assert.deepEqual(await subs(c, 'id'), {});
});

test('change: without a pattern it is a sign of life, which the home hears', async (t) => {
  const c = await Cluster.start(t);
  const [a, b] = await c.nodes();
  await a.create('id');
  await c.wane('client:id');
  await c.heard();
  assert.deepEqual(await b.change('id', '+', []), ['OK', '0']);
  await c.lives('client:id', 2);
  const heard = await c.heard();
  assert.deepEqual(heard.map((text) => text.replace(/ \d+ /, ' ')), ['@a + id']);
  await c.age();
  assert.deepEqual(await b.change('none', '+', []), ['UNKNOWN']);
});

async function emptied(c, ...nodes) {
  await c.admin.del(await c.admin.keys(`${c.prefix}*`));
  for (const node of nodes) await node.join();
}

test('restore: a session as its home had it', async (t) => {
  const c = await Cluster.start(t);
  const [a, b] = await c.nodes();
  await emptied(c, a, b);
  const whole = { cursor: '1700000000000001', sent: '1700000000000009', connect: 'k2', acked: '4', flags: 'f',
    seen: 'k1,k2', subs: { '/x': '1700000000000000', '/**': '1600000000000000' } };
  assert.deepEqual(await a.restore('id', '3', whole), ['OK']);
  await c.lives('client:id', 2);
  await c.lives('log:/x', 5);
  await c.lives('log:/**', 5);
  assert.deepEqual(await subs(c, 'id'), { '/**': '1600000000000000', '/x': '1700000000000000' });
  assert.deepEqual(await c.heard(), []);

  const { at, ...got } = await b.attach('id', 'k2');
  assert.ok(BigInt(at) > 0n);
  assert.deepEqual(got, { ...whole, turn: '4' });
});

test('restore: without an open answer, without anything', async (t) => {
  const c = await Cluster.start(t);
  const [a] = await c.nodes();
  assert.deepEqual(await a.restore('id', '1'), ['OK']);
  assert.deepEqual(await c.client('id'), { home: 'a', turn: '1', cursor: '5', flags: '', seen: '', subs: '0' });
  assert.deepEqual(await a.restore('id2', '1', { sent: '7' }), ['OK']);
  assert.equal((await c.client('id2')).sent, undefined);
  assert.deepEqual(await c.eternal(), ['epoch', 'seq']);
});

test('restore: one that is there is ours already, or lost', async (t) => {
  const c = await Cluster.start(t);
  const [a, b] = await c.nodes();
  assert.deepEqual(await a.restore('id', '2', { cursor: 8 }), ['OK']);
  const before = await c.client('id');
  assert.deepEqual(await a.restore('id', '2', { cursor: 5, subs: { '/x': 1 } }), ['KEPT']);
  assert.deepEqual(await a.restore('id', '1'), ['LOST']);
  assert.deepEqual(await b.restore('id', '2'), ['LOST']);
  assert.deepEqual(await c.client('id'), before);
});

test('restore: an older turn than its home knows is what a failover lost', async (t) => {
  const c = await Cluster.start(t);
  const [a, b] = await c.nodes();
  await a.restore('id', '2', { cursor: 8, sent: '9', connect: 'k', subs: { '/x': 1 } });
  assert.deepEqual(await b.restore('id', '3', { cursor: 7, subs: { '/y': 2 } }), ['OK']);
  assert.deepEqual(await subs(c, 'id'), { '/y': '2' });
  const { home, turn, cursor, sent } = await c.client('id');
  assert.deepEqual([home, turn, cursor, sent], ['b', '3', '7', undefined]);
  assert.deepEqual(await a.restore('id', '2'), ['LOST']);
});

test('restore: the limit counts what was restored', async (t) => {
  const c = await Cluster.start(t);
  const [a] = await c.nodes();
  await a.restore('id', '1', { subs: { '/1': 1, '/2': 1 } });
  assert.deepEqual(await a.change('id', '+', ['/3', '/4'], { limit: 3 }), ['OK', '1']);
});

test('restore: thousands of patterns', async (t) => {
  const c = await Cluster.start(t);
  const [a] = await c.nodes();
  const many = Object.fromEntries(Array.from({ length: 10000 }, (_, i) => [`/many/${i}`, String(i + 1)]));
  assert.deepEqual(await a.restore('id', '1', { subs: many }), ['OK']);
  assert.deepEqual((await a.attach('id', 'k')).subs, many);
});
