// Background jobs publish through Redis alone: XADD, which is taken exactly once by the cluster, and PUBLISH.
import assert from 'node:assert/strict';
import { test } from '../../system/lib/harness.mjs';
import { sleep, within } from '../../system/lib/wait.mjs';
import { Checker, freshRoom } from '../lib/checker.mjs';
import { Cluster } from '../lib/cluster.mjs';
import { Crowd } from '../lib/crowd.mjs';
import { Ear } from '../lib/ear.mjs';
import { mayRepeat } from '../lib/promises.mjs';
import { Redis } from '../lib/redis.mjs';

const MS = 180000, COUNT = 500, BACKLOG = 10000;
const WAYS = ['XADD', 'PUBLISH'];

async function start(t) {
  const cluster = await Cluster.start(t, { redis: await Redis.start(t) }), check = new Checker(t);
  return { cluster, check, crowd: await Crowd.gather(t, cluster, check, { kinds: ['websocket', 'long-polling'] }) };
}

// One channel that somebody wants, one who hears what is published on it, and a job.
async function startWithEar(t, how) {
  const cluster = await Cluster.start(t, { redis: await Redis.start(t), cables: true }), check = new Checker(t), room = freshRoom();
  await check.subscriber({ url: cluster.nodes[0].url, kind: 'websocket', patterns: [room] });
  return { cluster, room, job: check.job(cluster, how), ear: await Ear.open(t, cluster, room) };
}

const left = (cluster) => cluster.redis.do('XLEN', cluster.key('publish'));

// The node that publishes for other programs.
async function holder(cluster) {
  let node;
  const found = async () => {
    const name = await cluster.redis.do('HGET', cluster.key('intake'), 'node');
    node = cluster.living.find(({ log }) => name && log.includes(`joined node=${name} `));
    return node;
  };
  await within((async () => { while (!await found()) await sleep(20); })(), () => `a node to publish for others\n${cluster.logs}`);
  return node;
}

// Resolves when one of the nodes has said so.
async function says(nodes, what) {
  const said = async () => { while (!nodes.some(({ log }) => what.test(log))) await sleep(20); };
  await within(said(), () => `${what} of ${nodes.map(({ log }) => log.slice(-1500)).join('\n')}`);
}

// Puts numbers until `body` is over, and resolves to how many when the ear has the last one. `body` gets a function that
// resolves when so many more were published.
async function counting(job, room, ear, body) {
  let n = 0, over = false;
  const put = async () => {
    do {
      await job.put(room, String(n++));
      await sleep(1); // what cannot be taken meanwhile is not to become too much
    } while (!over);
  };
  // One more behind all, by which what is missing shows.
  const all = put().then(() => job.put(room, String(n++)));
  try {
    await Promise.race([body(async (more) => { const items = ear.data.items.length; await ear.data.has(items + more); }), all]);
  } finally {
    over = true;
  }
  await all;
  await ear.data.until((items) => items.at(-1) === n - 1);
  return n;
}

const numbers = (n) => Array.from({ length: n }, (_, i) => i);

for (const how of WAYS) {
  test(`background: two jobs publish by ${how} while clients do, too`, { ms: MS }, async (t) => {
    const { cluster, check, crowd } = await start(t);
    const jobs = [check.job(cluster, how), check.job(cluster, how)];
    await check.publishing(crowd.publishers, crowd.channels, () => check.publishAll(jobs, crowd.channels, COUNT));
    await check.expect();
    assert.equal(await left(cluster), 0);
  });
}

const DEEP = `${'['.repeat(100)}${']'.repeat(100)}`;
const BYTES = Buffer.from('"\xff"', 'latin1');
const LONG = `"${'x'.repeat(2 << 20)}"`;

const BAD = {
  XADD: [
    ['', ''], ['other', 'field'], ['channel', '/a'], ['data', '1'], ['message', '{"channel":"/a","data":1}'],
    ...['', 'x', '1 2', '{"a":1', '1,"channel":"/b"', 'undefined', "'x'", DEEP, BYTES, LONG].map((data) => ['channel', '/a', 'data', data]),
    ...['', 'a', '/', '/a/', '/a/**', '/meta/connect', '/service/a', '"/a"', `/${'a'.repeat(300)}`, '/a'.repeat(20), BYTES]
      .map((channel) => ['channel', channel, 'data', '1']),
    ['channel', '/a', 'data', '1', 'more', 'x'], ['channel', '/a', 'data', '1', 'id', BYTES], ['channel', '/a', 'data', '1', BYTES, '1'],
    ['channel', '/a', 'data', '1', 'channel', '/meta/a'],
  ],
  PUBLISH: [
    ...['', 'x', '[]', 'null', '"text"', '7', '{}', '[[]]', '[7]', '{"channel":"/a"}', '{"data":1}', '{"channel":7,"data":1}'],
    ...['/meta/connect', '/service/a', 'no channel', '/a/**', ''].map((channel) => JSON.stringify({ channel, data: 1 })),
    `{"channel":"/a","data":${DEEP}}`, Buffer.concat([Buffer.from('{"channel":"/a","data":'), BYTES, Buffer.from('}')]),
    `{"channel":"/a","data":${LONG}}`, `[${'{"channel":"/a","data":1},'.repeat(100)}{"channel":"/a","data":1}]`,
  ].map((text) => [text]),
};

for (const how of WAYS) {
  test(`background: bad entries by ${how} do not block the rest`, { ms: MS }, async (t) => {
    const { cluster, check, crowd } = await start(t);
    const job = check.job(cluster, how), channel = crowd.channels[0];
    await check.publish(job, channel);
    for (const words of BAD[how]) {
      await job.putRaw(...words);
      await check.publish(job, channel);
    }
    await check.expect();
    assert.equal(await left(cluster), 0);
    const log = cluster.nodes.map((node) => node.log).join('');
    assert.match(log, how === 'XADD' ? /warn: redis: entry \d+-\d+ of \S+:publish was refused: \w+/ : /warn: redis: a message of \S+:publish was refused: \w+/);
  });
}

test('background: a thousand bad entries at once, and a good one', { ms: MS }, async (t) => {
  const { cluster, room, job, ear } = await startWithEar(t, 'XADD');
  await Promise.all(numbers(1000).map(() => job.putRaw('channel', room)));
  await job.put(room, '1');
  await ear.data.has(1);
  assert.deepEqual(ear.data.items, [1]);
  assert.equal(await left(cluster), 0);
});

test('background: in an array of messages, the good ones are published', { ms: MS }, async (t) => {
  const { room, job, ear } = await startWithEar(t, 'PUBLISH');
  await job.put(room, '0');
  const message = (data) => ({ channel: room, data });
  await job.putRaw(JSON.stringify([message(1), message(), 7, { ...message(2), channel: '/meta/a' }, message(3), null, message([4])]));
  await ear.data.has(4);
  assert.deepEqual(ear.data.items, [0, 1, 3, [4]]);
});

const DATA = ['1.10', '-0', '12345678901234567890123', '1E400', '"\\u0000\\ud83d\\ude00 \\/ \u00fc \u{1f600}"', '{"b":1,"a":[{}],"b":2}', 'null', 'false', '""'];

for (const how of WAYS) {
  test(`background: data by ${how} passes byte for byte`, { ms: MS }, async (t) => {
    const { room, job, ear } = await startWithEar(t, how);
    for (const data of DATA) await job.put(room, data);
    const half = `"${'\u00fc'.repeat(500000)}"`;
    await job.put(room, half);
    await ear.data.has(DATA.length + 1);
    assert.deepEqual(ear.texts, [...DATA, half].map((data) => `{"channel":"${room}","data":${data}}`));
  });
}

test('background: other members pass as in Bayeux', { ms: MS }, async (t) => {
  const { room, job, ear } = await startWithEar(t, 'XADD');
  await job.putRaw('data', '1', 'channel', room, 'id', 'a"7', 'ext', '{"b": 2}', 'clientId', '"secret"', 'advice', '{"reconnect":"none"}', 'mine', '[]');
  await ear.data.has(1);
  assert.deepEqual(ear.texts, [`{"data":1,"channel":"${room}","id":"a\\"7","ext":{"b":2},"mine":[]}`]);
});

test('background: what is put in while no node runs comes when one does', { ms: MS }, async (t) => {
  const { cluster, check, crowd } = await start(t);
  const job = check.job(cluster, 'XADD');
  await check.publishAll([job], crowd.channels, 20);
  await Promise.all(cluster.nodes.map((node) => node.kill()));
  await check.publishAll([job], crowd.channels, 20);
  await Promise.all(cluster.nodes.map((node) => node.start()));
  await check.publishAll([job], crowd.channels, 20);
  await check.expect({ doubled: mayRepeat });
});

test('background: taken once, though the nodes that take it die', { ms: MS }, async (t) => {
  const { cluster, check, crowd } = await start(t);
  const jobs = [check.job(cluster, 'XADD'), check.job(cluster, 'XADD')];
  await check.publishing(jobs, crowd.channels, async () => {
    for (const node of [...cluster.nodes, cluster.nodes[0]]) {
      await check.flows();
      await node.kill();
      await check.flows();
      await node.start();
    }
  });
  await check.expect({ doubled: mayRepeat });
});

test(`background: ${BACKLOG} entries that were waiting come once and in order`, { ms: MS }, async (t) => {
  const { cluster, room, job, ear } = await startWithEar(t, 'XADD');
  // Somebody else has the lease, and does nothing with it.
  await cluster.redis.do('HSET', cluster.key('intake'), 'node', 'nobody', 'token', '1', 'until', String(Date.now() + 1e6));
  await says(cluster.nodes, /leaves it to others/);
  await Promise.all(numbers(BACKLOG).map((n) => job.put(room, String(n))));
  assert.equal(await left(cluster), BACKLOG);
  assert.deepEqual(ear.data.items, []);
  await cluster.redis.do('DEL', cluster.key('intake'));
  await ear.data.until((items) => items.at(-1) === BACKLOG - 1);
  assert.deepEqual(ear.data.items, numbers(BACKLOG));
  assert.equal(await left(cluster), 0);
});

const TROUBLES = {
  'the node that takes it is killed': async (cluster, flows) => {
    for (let round = 0; round < 3; round++) {
      const node = await holder(cluster);
      await node.kill();
      await flows(100);
      await node.start();
    }
  },
  'the node that takes it ends in good order': async (cluster, flows) => {
    for (let round = 0; round < 3; round++) {
      const node = await holder(cluster);
      await node.stop();
      await flows(100);
      await node.start();
    }
  },
  'the node that takes it stands still': async (cluster, flows) => {
    for (let round = 0; round < 2; round++) {
      const node = await holder(cluster);
      await node.whilePaused(async () => {
        while (await holder(cluster) === node) await sleep(20);
        await flows(100);
      });
      await flows(100);
    }
  },
  'its connections are cut, one by one': async (cluster, flows) => {
    for (let round = 0; round < 4; round++) {
      for (const kind of ['intake', 'commands', 'subscriber']) {
        const list = await cluster.redis.do('CLIENT', 'LIST');
        for (const [, id] of list.matchAll(new RegExp(`^id=(\\d+) .* name=fayed-\\S+-${kind} `, 'gm'))) {
          await cluster.redis.do('CLIENT', 'KILL', 'ID', id);
        }
        await flows(50);
      }
    }
  },
  'replies to it are lost, and then it is cut off until others do it': async (cluster, flows) => {
    for (let round = 0; round < 2; round++) {
      const node = await holder(cluster);
      node.cable.stall({ direction: 'down' });
      await sleep(300); // some entries are under way, and done
      node.cable.flow();
      node.cable.down();
      await flows(100);
      assert.notEqual(await holder(cluster), node);
      node.cable.up();
      await flows(100);
      await cluster.heals();
    }
  },
  'Redis stands still until it is given up': async (cluster, flows) => {
    await cluster.redis.whileStopped(() => sleep(7000));
    await cluster.heals();
    await flows(100);
  },
};

for (const [title, act] of Object.entries(TROUBLES)) {
  test(`background: by XADD once and in order, though ${title}`, { ms: MS }, async (t) => {
    const { cluster, room, job, ear } = await startWithEar(t, 'XADD');
    const n = await counting(job, room, ear, async (flows) => {
      await flows(100);
      await act(cluster, flows);
      await flows(100);
    });
    assert.deepEqual(ear.data.items, numbers(n));
    assert.equal(await left(cluster), 0);
  });

  test(`background: by PUBLISH at most once and in order, though ${title}`, { ms: MS }, async (t) => {
    const { cluster, room, job, ear } = await startWithEar(t, 'PUBLISH');
    const n = await counting(job, room, ear, async (flows) => {
      await flows(100);
      await act(cluster, flows);
      await flows(100);
    });
    const { items } = ear.data;
    assert.ok(items.every((item, i) => i === 0 || items[i - 1] < item), JSON.stringify(items));
    assert.ok(items.at(-1) === n - 1);
  });
}

test('background: what a node had read when it was cut off comes once to its own clients, too', { ms: MS }, async (t) => {
  const cluster = await Cluster.start(t, { redis: await Redis.start(t), cables: true }), check = new Checker(t), room = freshRoom();
  for (const { url } of cluster.nodes) await check.subscriber({ url, kind: 'websocket', patterns: [room] });
  const job = check.job(cluster, 'XADD'), node = await holder(cluster);
  await check.publishAll([job], [room], 10);
  await check.ledger.isSettled();
  await check.trouble(cluster, async () => {
    // Once Redis has its question, the answer comes through.
    while (!/ name=fayed-\S+-intake .* flags=b /.test(await cluster.redis.do('CLIENT', 'LIST'))) await sleep(20);
    node.cable.stall({ direction: 'up' });
    await check.publishAll([job], [room], 10);
    await sleep(500); // it reads the first of them, and cannot publish it
    node.cable.down();
    node.cable.flow();
    while (await left(cluster)) await sleep(20); // another does
    await says([node], /redis: away/);
    node.cable.up();
  });
  await check.publishAll([job], [room], 10);
  await check.expect();
});

for (const how of WAYS) {
  test(`background: goes on by ${how} after Redis was emptied`, { ms: MS }, async (t) => {
    const { cluster, room, job, ear } = await startWithEar(t, how);
    await job.put(room, '"before"');
    await ear.data.has(1);
    await cluster.redis.flush();
    await cluster.heals();
    await job.put(room, '"after"');
    await ear.data.has(2);
    assert.deepEqual(ear.data.items, ['before', 'after']);
  });
}

test('background: a key of another type is told, and mended by taking it away', { ms: MS }, async (t) => {
  const { cluster, room, job, ear } = await startWithEar(t, 'XADD');
  await job.put(room, '1');
  await ear.data.has(1);
  await cluster.redis.do('SET', cluster.key('publish'), 'x');
  await says(cluster.nodes, /cannot take what other programs publish: WRONGTYPE/);
  await cluster.redis.do('DEL', cluster.key('publish'));
  await job.put(room, '2');
  await ear.data.has(2);
  assert.deepEqual(ear.data.items, [1, 2]);
});
