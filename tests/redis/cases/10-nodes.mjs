// join, beat, keep, and the gate before all others.
import assert from 'node:assert/strict';
import { test } from '../../system/lib/harness.mjs';
import { Cluster, next } from '../lib/cluster.mjs';

test('join: the first node begins an epoch', async (t) => {
  const c = await Cluster.start(t);
  const a = await c.node('a');
  assert.equal(await c.admin.get(c.key('epoch')), 'random-a 0');
  assert.equal(a.gen, '1');
  assert.deepEqual({ ...await c.admin.hGetAll(c.key('node:a')) }, { k: '0', gen: '1' });
  assert.deepEqual(await c.log('@a'), []);
  assert.ok(await c.has('log:@a'));
  await c.lives('node:a', 5);
  await c.lives('log:@a', 5);
  assert.deepEqual(await c.eternal(), ['epoch', 'seq']);
});

test('join: another node finds the epoch, and an old one is not made anew', async (t) => {
  const c = await Cluster.start(t);
  await c.node('a');
  const b = await c.node('b');
  assert.equal((await b.join()).epoch, 'random-a');
  await c.age();
  const again = await b.join();
  assert.equal(again.epoch, 'random-a');
  assert.ok(again.age > 1e12, `${again.age} ms`);
});

test('join: an epoch is young once somebody knew another', async (t) => {
  const c = await Cluster.start(t);
  const a = await c.node('a');
  await c.admin.del(c.key('epoch'));
  const before = Date.now();
  const first = await a.join(1, 0, 'random-a of old');
  assert.equal(first.epoch, 'random-a');
  const born = Number((await c.admin.get(c.key('epoch'))).split(' ')[1]);
  assert.ok(born >= before && born <= Date.now(), `${born}`);

  // A node that has just begun may have been the first there.
  await c.admin.del(c.key('epoch'));
  const b = await c.node('b');
  assert.equal(await c.admin.get(c.key('epoch')), 'random-b 0');
  const { epoch, age } = await a.join(1, 0, 'random-a');
  assert.equal(epoch, 'random-b');
  assert.ok(age < 10000, `${age} ms`);
  const again = await c.admin.get(c.key('epoch'));
  assert.equal((await b.join(1, 0, 'random-b')).epoch, 'random-b');
  assert.equal(await c.admin.get(c.key('epoch')), again);
});

test('join: the age of an epoch from the future is 0', async (t) => {
  const c = await Cluster.start(t);
  const a = await c.node('a');
  await c.admin.set(c.key('epoch'), `other ${Date.now() + 1e6}`);
  const { epoch, age } = await a.join();
  assert.deepEqual([epoch, age], ['other', 0]);
});

test('join: gen counts, k is what Redis has, a missing inbox is told', async (t) => {
  const c = await Cluster.start(t);
  const a = await c.node('a');
  await a.publish('/x {}', []);
  await c.wane('node:a');
  await c.wane('log:@a');
  const second = await a.join(0, 0);
  assert.deepEqual([second.gen, second.k, second.made], ['2', '1', '0']);
  await c.lives('node:a', 5);
  await c.lives('log:@a', 5);

  await c.admin.del(c.key('log:@a'));
  assert.equal((await a.join()).made, '1');
  await c.admin.del(c.key('node:a'));
  const fourth = await a.join(0, 99);
  assert.deepEqual([fourth.gen, fourth.k], ['1', '99']);
  // What a failover lost was done all the same.
  assert.equal((await a.join(0, 120)).k, '120');
  assert.deepEqual((await a.publish('/x {}', [], { k: 121 }))[0], 'OK');
});

test('join: numbers begin at the time in microseconds and never go back', async (t) => {
  const c = await Cluster.start(t);
  const a = await c.node('a');
  const seq = BigInt(await c.seq());
  assert.ok(seq > 1.6e15 && seq <= BigInt(Date.now()) * 1000n + 1000n, String(seq));
  assert.ok(BigInt((await a.join()).seq) > seq); // time has gone on

  const pos = '4503599627370497'; // far ahead of the time
  assert.equal((await a.join(pos)).seq, pos);
  assert.equal(await c.seq(), pos);
  assert.equal((await a.join(17)).seq, pos);
  assert.equal(await c.seq(), pos);
  assert.deepEqual(await a.publish('/x 1', []), ['OK', '4503599627370498']);
});

const gated = {
  create: ['id', ''],
  attach: ['id', 'k', 0, 0],
  change: ['id', '+', '', 9, '/x'],
  destroy: ['id', ''],
  touch: ['id', '1', 'k', 0, '', ''],
  sent: ['id', '1', 1, 1, 'k', ''],
  read: [1000, '/x', 0],
  keep: ['/x'],
  beat: [1, 0],
  restore: ['id', '1', 1, '', '', '', '', '', 1, '/x', 5],
  lease: [3000],
};

for (const [script, args] of Object.entries(gated)) {
  test(`gate: ${script} of a former connection, or of an emptied Redis, does nothing`, async (t) => {
    const c = await Cluster.start(t);
    const a = await c.node('a');
    await c.heard();
    const state = async () => [await c.admin.keys(`${c.prefix}*`).then((keys) => keys.sort()), await c.seq(),
      { ...await c.admin.hGetAll(c.key('node:a')) }];

    await a.join(0);
    const before = await state();
    a.gen = '1';
    assert.deepEqual(await a.run(script, ...args), ['STALE']);
    assert.deepEqual(await state(), before);

    await c.admin.del(['epoch', 'seq', 'node:a', 'log:@a'].map((name) => c.key(name)));
    assert.deepEqual(await a.run(script, ...args), ['EMPTIED']);
    assert.deepEqual(await c.admin.keys(`${c.prefix}*`), []);
    assert.deepEqual(await c.heard(), []);
  });
}

test('keep: makes logs that are missing, refreshes the others', async (t) => {
  const c = await Cluster.start(t);
  const a = await c.node('a');
  assert.deepEqual(await a.keep('/x', '/y'), ['OK', '2']);
  await c.wane('log:/x');
  assert.deepEqual(await a.keep('/x', '/y', '/z'), ['OK', '1']);
  for (const name of ['/x', '/y', '/z']) {
    await c.lives(`log:${name}`, 5);
    assert.deepEqual(await c.log(name), []);
  }
  assert.deepEqual(await a.keep(), ['OK', '0']);
});

test('keep: a log that was just made takes the next number, and has no older one', async (t) => {
  const c = await Cluster.start(t);
  const a = await c.node('a');
  await a.join('4503599627370497');
  await a.keep('/x');
  assert.equal((await c.admin.xInfoStream(c.key('log:/x')))['last-generated-id'], '4503599627370497-0');
  await a.publish('/x 1', ['/x']);
  assert.deepEqual(await c.log('/x'), ['4503599627370498-0 a 1 /x 1']);
});

test('keep and read: thousands of logs in one call', async (t) => {
  const c = await Cluster.start(t);
  const a = await c.node('a');
  const logs = Array.from({ length: 20000 }, (_, i) => `/many/${i}`);
  assert.deepEqual(await a.keep(...logs), ['OK', '20000']);
  const [word, , made, trimmed, ...found] = await a.read(Object.fromEntries(logs.map((log) => [log, 0])));
  assert.deepEqual([word, made, trimmed, found.length], ['OK', '0', '0', 20000]);
  assert.deepEqual(found.flat(), []);
});

test('beat: is numbered and heard by its node, not logged; keys are refreshed', async (t) => {
  const c = await Cluster.start(t);
  const [a] = await c.nodes();
  const seq = await c.seq();
  await c.wane('node:a');
  await c.wane('log:@a');
  assert.deepEqual(await a.beat('1234567890123456'), ['OK']);
  assert.deepEqual(await c.heard(), [`@a ${next(seq)} beat`]);
  assert.deepEqual(await c.log('@a'), []);
  assert.equal(await c.seq(), next(seq));
  await c.lives('node:a', 5);
  await c.lives('log:@a', 5);
});

test("beat: the node's cursor only grows", async (t) => {
  const c = await Cluster.start(t);
  const a = await c.node('a');
  const cursor = () => c.admin.hGet(c.key('node:a'), 'cursor');
  for (const [given, kept] of [['1700000000000001', '1700000000000001'], ['1700000000000000', '1700000000000001'],
    ['1700000000000002', '1700000000000002'], ['5', '1700000000000002']]) {
    await a.beat(given);
    assert.equal(await cursor(), kept);
  }
});

test('beat: sessions leave with their own cursor, and enter', async (t) => {
  const c = await Cluster.start(t);
  const [a, b] = await c.nodes();
  const made = {};
  for (const id of ['one', 'two', 'far', 'new']) [, , made[id]] = await a.create(id);
  await a.beat(1, [], [['one', '1'], ['two', '1'], ['far', '1']]);
  for (const id of ['one', 'two', 'far']) assert.equal((await c.client(id)).flow, '1');

  // One leaves with a greater cursor, one with a smaller; the third has gone to another node and is not ours.
  const { cursor } = await b.attach('far', 'k');
  await b.beat(1, [], [['far', '2']]);
  const ahead = next(made.one, 5);
  await a.beat(2, [['one', '1', ahead], ['two', '1', '7'], ['far', '1', next(cursor, 9)], ['none', '1', '7']],
    [['new', '1'], ['none', '1'], ['far', '1']]);
  assert.deepEqual([(await c.client('one')).cursor, (await c.client('one')).flow], [ahead, undefined]);
  assert.deepEqual([(await c.client('two')).cursor, (await c.client('two')).flow], [made.two, undefined]);
  assert.deepEqual([(await c.client('far')).cursor, (await c.client('far')).flow], [cursor, '1']);
  assert.equal((await c.client('new')).flow, '1');
  assert.ok(!await c.has('client:none'));

  // Who is not there is not made by entering at another's turn.
  await b.beat(1, [['far', '2', cursor]], []);
  await a.beat(3, [], [['far', '1']]);
  assert.equal((await c.client('far')).flow, undefined);
});

test('beat: leaving and entering in one beat ends in flow', async (t) => {
  const c = await Cluster.start(t);
  const a = await c.node('a');
  const [, , at] = await a.create('id');
  await a.beat(1, [['id', '1', next(at)]], [['id', '1']]);
  const { cursor, flow } = await c.client('id');
  assert.deepEqual([cursor, flow], [next(at), '1']);
});

test('beat: thousands of sessions at once', async (t) => {
  const c = await Cluster.start(t);
  const a = await c.node('a');
  const ids = Array.from({ length: 5000 }, (_, i) => `many${i}`);
  await Promise.all(ids.map((id) => a.create(id)));
  assert.deepEqual(await a.beat(1, [], ids.map((id) => [id, '1'])), ['OK']);
  const ahead = next(await c.seq(), 1000);
  assert.deepEqual(await a.beat(1, ids.map((id) => [id, '1', ahead])), ['OK']);
  for (const id of [ids[0], ids[4999]]) {
    const { cursor, flow } = await c.client(id);
    assert.deepEqual([cursor, flow], [ahead, undefined]);
  }
});
