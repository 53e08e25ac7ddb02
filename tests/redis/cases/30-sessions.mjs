// create, attach, touch, sent, destroy: where a session is, and what has arrived.
import assert from 'node:assert/strict';
import { test } from '../../system/lib/harness.mjs';
import { Cluster, next } from '../lib/cluster.mjs';

// What is said of a client that is not there, by each script that may say so.
const strangers = {
  attach: ['none', 'k', 0, 0],
  change: ['none', '+', '', 9, '/x'],
  destroy: ['none', ''],
};

test('a client that is not there: LATER while the epoch is young, then UNKNOWN', async (t) => {
  const c = await Cluster.start(t);
  const a = await c.node('a');
  await a.join(0, 0, 'another');
  for (const [script, args] of Object.entries(strangers)) assert.deepEqual(await a.run(script, ...args), ['LATER'], script);
  await c.age();
  for (const [script, args] of Object.entries(strangers)) assert.deepEqual(await a.run(script, ...args), ['UNKNOWN'], script);
  await c.admin.set(c.key('epoch'), `random ${Date.now() - 11000}`);
  assert.equal(await a.attach('none', 'k'), 'UNKNOWN');
  assert.ok(!await c.has('client:none'));
  assert.deepEqual(await c.heard(), []);
});

test('create: a session at home, from a number of its own on', async (t) => {
  const c = await Cluster.start(t);
  const a = await c.node('a');
  const at = next(await c.seq());
  assert.deepEqual(await a.create('id', 'some flags, as they are'), ['OK', '1', at]);
  assert.equal(await c.seq(), at);
  assert.deepEqual(await c.client('id'), { home: 'a', turn: '1', cursor: at, flags: 'some flags, as they are', subs: '0' });
  await c.lives('client:id', 2);
  assert.deepEqual(await c.heard(), []);
});

test('create: one that is there stays as it is', async (t) => {
  const c = await Cluster.start(t);
  const [a, b] = await c.nodes();
  await a.create('id', 'one');
  const before = await c.client('id');
  assert.deepEqual(await b.create('id', 'two'), ['TAKEN']);
  assert.deepEqual(await c.client('id'), before);
});

test('attach: the session as it is, a turn on; the old home is told', async (t) => {
  const c = await Cluster.start(t);
  const [a, b] = await c.nodes();
  const [, , made] = await a.create('id', 'f');
  await a.subscribe('id', '/x', '/y');
  const since = await c.seq();
  await a.touch('id', '1', 'k1', { acked: '7' });
  await c.wane('client:id');
  await c.heard();

  const before = Date.now();
  assert.deepEqual(await b.attach('id', 'k2'), { turn: '2', at: next(since, 2), cursor: made, sent: '0', connect: '',
    acked: '7', flags: 'f', seen: 'k1,k2', subs: { '/x': since, '/y': since } });
  assert.deepEqual(await c.heard(), [`@a ${next(since)} taken id 2 k2`]);
  assert.deepEqual((await c.log('@a')).at(-1), `${next(since)}-0 taken id 2 k2`);
  assert.equal(await c.seq(), next(since, 2));
  const { home, turn, heard } = await c.client('id');
  assert.deepEqual([home, turn], ['b', '2']);
  assert.ok(Number(heard) >= before && Number(heard) <= Date.now(), heard);
  await c.lives('client:id', 2);
});

test('attach: what a session never had', async (t) => {
  const c = await Cluster.start(t);
  const a = await c.node('a');
  const [, , made] = await a.create('id');
  assert.deepEqual(await a.attach('id', ''), { turn: '2', at: next(made), cursor: made, sent: '0', connect: '', acked: '0',
    flags: '', seen: '', subs: {} });
});

test('attach: at its own home nobody is told', async (t) => {
  const c = await Cluster.start(t);
  const a = await c.node('a');
  await a.create('id');
  assert.equal((await a.attach('id', 'k1')).turn, '2');
  assert.deepEqual(await c.heard(), []);
});

test('attach: a home that is no more has no inbox, and gets none', async (t) => {
  const c = await Cluster.start(t);
  const [a, b] = await c.nodes();
  await a.create('id');
  await c.admin.del([c.key('log:@a'), c.key('node:a')]);
  assert.equal((await b.attach('id', 'k')).turn, '2');
  assert.ok(!await c.has('log:@a'));
});

test('attach: a connect seen before, but not the last one, is old and changes nothing', async (t) => {
  const c = await Cluster.start(t);
  const [a, b] = await c.nodes();
  await a.create('id');
  await a.attach('id', 'k1', { count: 1 });
  await a.touch('id', '2', 'k2', { count: 2 });
  const before = await c.client('id');
  assert.equal(await b.attach('id', 'k1', { count: 1 }), 'OLD');
  assert.deepEqual(await c.client('id'), before);
  assert.deepEqual(await c.heard(), []);
  assert.equal((await b.attach('id', 'k2')).seen, 'k1,k2');
});

test('attach: a part of a key is not that key', async (t) => {
  const c = await Cluster.start(t);
  const a = await c.node('a');
  await a.create('id');
  await a.attach('id', 'abc');
  await a.attach('id', 'def');
  assert.equal((await a.attach('id', 'ab')).seen, 'abc,def,ab');
  assert.equal((await a.attach('id', '.*')).seen, 'abc,def,ab,.*');
});

test('attach: the last eight connects are remembered', async (t) => {
  const c = await Cluster.start(t);
  const a = await c.node('a');
  await a.create('id');
  for (let i = 1; i <= 9; i++) await a.attach('id', `k${i}`);
  assert.equal((await c.client('id')).seen, 'k2,k3,k4,k5,k6,k7,k8,k9');
  assert.equal(await a.attach('id', 'k2'), 'OLD');
  assert.equal((await a.attach('id', 'k1')).seen, 'k3,k4,k5,k6,k7,k8,k9,k1');
});

test('attach: one that stood still for longer than the client is silent may come too late', async (t) => {
  const c = await Cluster.start(t);
  const [a, b] = await c.nodes();
  await a.create('id');
  await a.touch('id', '1', 'k1');
  const before = await c.client('id');
  assert.equal(await b.attach('id', 'k2', { stalled: 100000 }), 'UNSURE');
  assert.equal(await b.attach('id', '', { stalled: 100000 }), 'UNSURE');
  assert.deepEqual(await c.client('id'), before);

  await c.admin.hSet(c.key('client:id'), 'heard', Date.now() - 200000);
  assert.equal((await b.attach('id', 'k2', { stalled: 100000 })).turn, '2');
  assert.equal((await a.attach('id', 'k3', { stalled: 0 })).turn, '3');
});

test('attach: who was never heard is not unsure', async (t) => {
  const c = await Cluster.start(t);
  const [a, b] = await c.nodes();
  await a.create('id');
  assert.equal((await b.attach('id', 'k1', { stalled: 5000 })).turn, '2');
});

test('attach: another connect acknowledges the last answer, the same one asks for it again', async (t) => {
  const c = await Cluster.start(t);
  const [a, b] = await c.nodes();
  const [, , made] = await a.create('id');
  await a.touch('id', '1', 'k1');
  const [from, to] = [next(made, 10), next(made, 20)];
  await a.sent('id', '1', from, to, 'k1');

  const again = await b.attach('id', 'k1');
  assert.deepEqual([again.cursor, again.sent, again.connect], [from, to, 'k1']);
  const on = await a.attach('id', 'k2');
  assert.deepEqual([on.cursor, on.sent, on.connect], [to, '0', '']);
  const { cursor, sent, connect } = await c.client('id');
  assert.deepEqual([cursor, sent, connect], [to, undefined, undefined]);
});

test('attach: an answer up to before the cursor does not take it back', async (t) => {
  const c = await Cluster.start(t);
  const a = await c.node('a');
  const [, , made] = await a.create('id');
  await a.sent('id', '1', next(made, 10), next(made, 20), 'k1');
  await a.sent('id', '1', next(made, 15), next(made, 16), 'k1');
  await a.touch('id', '1', 'k1', { cursor: next(made, 30) });
  assert.equal((await a.attach('id', 'k2')).cursor, next(made, 30));
});

test("attach: an event stream's opening is no connect", async (t) => {
  const c = await Cluster.start(t);
  const [a, b] = await c.nodes();
  const [, , made] = await a.create('id');
  await a.touch('id', '1', 'k1');
  await a.sent('id', '1', made, next(made, 9), 'k1');
  await c.heard();
  const got = await b.attach('id', '');
  assert.deepEqual([got.cursor, got.sent, got.connect, got.seen], [made, next(made, 9), 'k1', 'k1']);
  assert.match((await c.heard())[0], /^@a \d+ taken id 2 -$/);
  assert.equal((await c.client('id')).sent, next(made, 9));
});

test("attach: a session in flow has its home's cursor, if that is ahead", async (t) => {
  const c = await Cluster.start(t);
  const [a, b] = await c.nodes();
  const [, , made] = await a.create('id');
  await a.beat(next(made, 5), [], [['id', '1']]);
  const first = await b.attach('id', 'k1');
  assert.equal(first.cursor, next(made, 5));
  const { flow, cursor } = await c.client('id');
  assert.deepEqual([flow, cursor], [undefined, next(made, 5)]);

  // b's cursor is behind this session's; then b's hash is gone.
  await b.beat(1, [], [['id', '2']]);
  assert.equal((await a.attach('id', 'k2')).cursor, next(made, 5));
  await a.beat(next(made, 5), [], [['id', '3']]);
  await c.admin.del(c.key('node:a'));
  assert.equal((await b.attach('id', 'k3')).cursor, next(made, 5));

  // Not in flow: a cursor of the home says nothing.
  await b.beat(next(made, 50));
  assert.equal((await b.attach('id', 'k4')).cursor, next(made, 5));
});

test('attach: a flow behind an answer that was acknowledged', async (t) => {
  const c = await Cluster.start(t);
  const [a, b] = await c.nodes();
  const [, , made] = await a.create('id');
  await a.sent('id', '1', made, next(made, 20), 'k1');
  await a.beat(next(made, 5), [], [['id', '1']]);
  assert.equal((await b.attach('id', 'k2')).cursor, next(made, 20));
});

test('era: where the numbers of connects fall back, old requests are forgotten', async (t) => {
  const c = await Cluster.start(t);
  const [a, b] = await c.nodes();
  await a.create('id');
  const state = async () => {
    const { count, era, ids } = await c.client('id');
    return [count, era, ids];
  };
  await a.change('id', '+', ['/x'], { key: 'r1' });
  await a.attach('id', 'k0');
  assert.deepEqual(await state(), [undefined, undefined, 'r1']);
  await a.attach('id', 'k5', { count: 5 });
  assert.deepEqual(await state(), ['5', undefined, 'r1']);
  await a.attach('id', 'k5', { count: 5 });
  await a.touch('id', '4', 'k6', { count: 6 });
  await a.touch('id', '4', 'k7', { count: 0 });
  assert.deepEqual(await state(), ['6', undefined, 'r1']);
  await b.attach('id', 'k1', { count: 1 });
  assert.deepEqual(await state(), ['1', '1', undefined]);
  await a.attach('id', 'k9', { count: 9 });
  await a.change('id', '+', ['/y'], { key: 'r1' });
  assert.deepEqual(await state(), ['9', '1', 'r1']);
  await a.touch('id', '6', 'k2', { count: 2 });
  assert.deepEqual(await state(), ['2', '2', undefined]);
});

test('touch: the connect, the time, a cursor and what was acknowledged', async (t) => {
  const c = await Cluster.start(t);
  const a = await c.node('a');
  const [, , made] = await a.create('id');
  await c.wane('client:id');
  const before = Date.now();
  assert.deepEqual(await a.touch('id', '1', 'k1'), ['OK']);
  const first = await c.client('id');
  assert.deepEqual([first.seen, first.cursor, first.acked, first.count], ['k1', made, undefined, undefined]);
  assert.ok(Number(first.heard) >= before && Number(first.heard) <= Date.now());
  await c.lives('client:id', 2);

  await a.touch('id', '1', 'k2', { cursor: next(made, 3), acked: '12', count: 4 });
  const second = await c.client('id');
  assert.deepEqual([second.seen, second.cursor, second.acked, second.count], ['k1,k2', next(made, 3), '12', '4']);
  await a.touch('id', '1', 'k1', { cursor: made });
  const third = await c.client('id');
  assert.deepEqual([third.seen, third.cursor, third.acked, third.count], ['k1,k2', next(made, 3), '12', '4']);
  await a.touch('id', '1', '');
  assert.equal((await c.client('id')).seen, 'k1,k2');
  for (let i = 3; i <= 10; i++) await a.touch('id', '1', `k${i}`);
  assert.equal((await c.client('id')).seen, 'k3,k4,k5,k6,k7,k8,k9,k10');
  assert.deepEqual(await c.heard(), []);
});

test('sent: an answer is noted with the connect it goes to', async (t) => {
  const c = await Cluster.start(t);
  const a = await c.node('a');
  const [, , made] = await a.create('id');
  const state = async () => {
    const { cursor, sent, connect, acked, flow } = await c.client('id');
    return [cursor, sent, connect, acked, flow];
  };
  const at = (n) => next(made, n);
  await a.beat(1, [], [['id', '1']]);
  await c.wane('client:id');
  assert.deepEqual(await a.sent('id', '1', at(1), at(5), 'k1', '3'), ['OK']);
  assert.deepEqual(await state(), [at(1), at(5), 'k1', '3', undefined]);
  await c.lives('client:id', 2);

  // The same cursor again, with more in the answer.
  await a.sent('id', '1', at(1), at(7), 'k2');
  assert.deepEqual(await state(), [at(1), at(7), 'k2', '3', undefined]);

  // Behind what is stored: flow ends and the session lives, the rest stays.
  await a.beat(1, [], [['id', '1']]);
  await c.wane('client:id');
  assert.deepEqual(await a.sent('id', '1', made, at(9), 'k3', '9'), ['OK']);
  assert.deepEqual(await state(), [at(1), at(7), 'k2', '3', undefined]);
  await c.lives('client:id', 2);
});

test('sent: without a connect the cursor alone, and an answer that it covers is no longer open', async (t) => {
  const c = await Cluster.start(t);
  const a = await c.node('a');
  const [, , made] = await a.create('id');
  const at = (n) => next(made, n);
  const state = async () => {
    const { cursor, sent, connect, acked } = await c.client('id');
    return [cursor, sent, connect, acked];
  };
  await a.sent('id', '1', at(1), '', '');
  assert.deepEqual(await state(), [at(1), undefined, undefined, undefined]);
  await a.sent('id', '1', at(1), at(5), 'k1');
  await a.sent('id', '1', at(4), '', '', '2');
  assert.deepEqual(await state(), [at(4), at(5), 'k1', '2']);
  await a.sent('id', '1', at(5), '', '');
  assert.deepEqual(await state(), [at(5), undefined, undefined, '2']);
});

test('fenced: at another turn, or without a client, touch and sent are lost and write nothing', async (t) => {
  const c = await Cluster.start(t);
  const [a, b] = await c.nodes();
  await a.create('id');
  await b.attach('id', 'k1', { count: 3 });
  await b.beat(1, [], [['id', '2']]);
  await c.wane('client:id');
  const before = await c.client('id');
  for (const [id, turn] of [['id', '1'], ['id', '3'], ['id', ''], ['none', '1'], ['none', '']]) {
    assert.deepEqual(await a.touch(id, turn, 'k2', { count: 1, cursor: '9999999999999999', acked: '1' }), ['LOST']);
    assert.deepEqual(await a.sent(id, turn, '9999999999999999', '9999999999999999', 'k2', '1'), ['LOST']);
  }
  assert.deepEqual(await c.client('id'), before);
  assert.ok(await c.admin.ttl(c.key('client:id')) <= 7);
  assert.ok(!await c.has('client:none'));
});

test('destroy: the home is told, and nothing is left', async (t) => {
  const c = await Cluster.start(t);
  const [a, b] = await c.nodes();
  await a.create('id');
  await a.subscribe('id', '/x');
  await c.heard();
  const seq = next(await c.seq());
  assert.deepEqual(await b.destroy('id'), ['OK']);
  assert.deepEqual(await c.heard(), [`@a ${seq} gone id 1`]);
  assert.equal((await c.log('@a')).at(-1), `${seq}-0 gone id 1`);
  assert.ok(!await c.has('client:id'));
  assert.deepEqual(await b.destroy('id'), ['UNKNOWN']);
  assert.deepEqual(await c.eternal(), ['epoch', 'seq']);
});

test('destroy: by the home that has it, but not by one that had it', async (t) => {
  const c = await Cluster.start(t);
  const [a, b] = await c.nodes();
  await a.create('id');
  await b.attach('id', 'k1');
  await c.heard();
  assert.deepEqual(await a.destroy('id', '1'), ['LOST']);
  assert.ok(await c.has('client:id'));
  assert.deepEqual(await c.heard(), []);
  assert.deepEqual(await b.destroy('id', '2'), ['OK']);
  assert.match((await c.heard())[0], /^@b \d+ gone id 2$/);
  assert.ok(!await c.has('client:id'));
});
