// contrib/redis/fayed.acl.example: the rights a node needs are those, no more and no less. (All other tests have them, too.)
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from '../../system/lib/harness.mjs';
import { Cluster, USER } from '../lib/cluster.mjs';
import { acl, connect } from '../lib/redis.mjs';
import { names } from '../lib/scripts.mjs';

const [, user, ...rules] = fs.readFileSync(acl, 'utf8').split('\n').find((line) => line.startsWith('user ')).split(' ');
const commands = rules.filter((rule) => rule.startsWith('+'));
const DENIED = /NOPERM|can't run this command/; // the second is said of scripts

// What a node says to Redis: each command outside scripts, and each script by all ways that differ in commands.
async function tour(t, who) {
  const c = await Cluster.start(t, who);
  await c.caller.sendCommand(['SELECT', '0']);
  assert.match(String(await c.caller.sendCommand(['INFO'])), /redis_version/);
  assert.equal(await c.caller.sendCommand(['CLIENT', 'SETNAME', 'a']), 'OK');
  const ear = await connect(t, who);
  await ear.subscribe(c.key('live:/x'), () => {});
  await ear.unsubscribe(c.key('live:/x'));
  await ear.subscribe(c.key('publish'), () => {});
  const entry = await c.admin.xAdd(c.key('publish'), '*', { channel: '/x', data: '1' });
  const bad = await c.admin.xAdd(c.key('publish'), '*', { other: '' });
  const [[, entries]] = await c.caller.sendCommand(['XREAD', 'COUNT', '9', 'BLOCK', '2000', 'STREAMS', c.key('publish'), '0']);
  assert.deepEqual(entries.map(([id]) => id), [entry, bad]);
  assert.equal(await c.caller.sendCommand(['XDEL', c.key('publish'), bad]), 1);

  const called = new Set();
  const evalsha = c.evalsha.bind(c);
  c.evalsha = (script, args) => {
    called.add(script);
    return evalsha(script, args);
  };
  const [a, b] = await c.nodes();
  await a.create('id');
  await b.change('id', '+', ['/x', '/y'], { key: 'r1' });
  await b.change('id', '-', ['/y'], { key: 'r2' });
  await a.publish('/x 1', ['/x'], { done: 'id r3' });
  await a.publish('/x 2', ['/x'], { everywhere: 1 });
  const [, token] = await a.lease(3000);
  await a.publish('/x 3', ['/x'], { done: `@lease ${token}` });
  await a.publish('/x 4', ['/x'], { done: `@entry ${entry}` });
  await a.read({ '/x': 0 }, 1);
  await a.touch('id', '1', 'k1', { count: 2, cursor: '1', acked: '1' });
  await a.sent('id', '1', '9000000000000000', '9000000000000001', 'k1', '1');
  await a.sent('id', '1', '9000000000000001', '', '');
  await a.beat('1', [], [['id', '1']]);
  await b.attach('id', 'k2', { count: 1 });
  await b.beat('1', [['id', '2', '1']]);
  await b.keep('/x', '/z');
  await b.destroy('id');
  assert.equal(await b.attach('id', 'k2'), 'UNKNOWN');
  assert.deepEqual(await b.restore('id', '2', { sent: '1', connect: 'k1', acked: '1', subs: { '/x': 1 } }), ['OK']);
  assert.deepEqual([...called].sort(), [...names].sort());
}

test('rights: the example is enough', async (t) => {
  assert.equal(user, USER.username);
  await tour(t, USER);
});

for (const command of commands) {
  test(`rights: ${command} is needed`, async (t) => {
    const admin = await connect(t);
    const username = `without-${command.slice(1)}`;
    await admin.sendCommand(['ACL', 'SETUSER', username, ...rules.filter((rule) => rule !== command)]);
    await assert.rejects(tour(t, { ...USER, username }), DENIED);
  });
}

test('rights: a program that only publishes needs what docs/background-jobs.md says, and can no more', async (t) => {
  const doc = fs.readFileSync(new URL('../../../docs/background-jobs.md', import.meta.url), 'utf8');
  const [, name, ...rights] = /^ +(user .*)$/m.exec(doc)[1].split(' ');
  const admin = await connect(t);
  await admin.sendCommand(['ACL', 'SETUSER', name, ...rights]);
  t.defer(() => admin.sendCommand(['ACL', 'DELUSER', name]));
  const job = await connect(t, { username: name, password: 'change-me' });
  const key = '{fayed}:publish';
  await job.xAdd(key, '*', { channel: '/x', data: '1' });
  assert.equal(await job.publish(key, '{}'), 0);
  await admin.del(key);
  const others = [['XADD', '{fayed}:log:/x', '*', 'm', '1'], ['PUBLISH', '{fayed}:live:/x', '1'], ['XREAD', 'STREAMS', key, '0'], ['XDEL', key, '1-0'], ['GET', '{fayed}:seq']];
  for (const words of others) await assert.rejects(job.sendCommand(words), DENIED, words.join(' '));
});

test('rights: keys and channels of others are out of reach', async (t) => {
  const c = await Cluster.start(t);
  const a = await c.node('a');
  await assert.rejects(c.caller.sendCommand(['GET', 'other']), DENIED);
  const ear = await connect(t, USER);
  await assert.rejects(ear.subscribe('live:/x', () => {}), DENIED);
  c.prefix = '{other}:';
  await assert.rejects(a.run('join', 0, 0, 'random', ''), DENIED);
});
