// What a test needs of a cluster: a prefix of its own, nodes that call scripts as their uplinks do, somebody who
// may look at everything, and an ear for all that is published.
import assert from 'node:assert/strict';
import { Inbox } from '../../system/lib/wait.mjs';
import { connect } from './redis.mjs';
import { scripts } from './scripts.mjs';

export const T = 60; // seconds
export const USER = { username: 'fayed', password: 'change-me' };

let prefixes = 0;

class Node {
  gen = '0';
  k = 0;

  constructor(cluster, name) { Object.assign(this, { cluster, name }); }

  // `join` and `publish` have no gen.
  run(script, ...args) {
    const gate = script === 'join' || script === 'publish' ? [this.name, T] : [this.name, this.gen, T];
    return this.cluster.evalsha(script, [...gate, ...args]);
  }

  async join(pos = 0, k = this.k, known = '') {
    const [word, epoch, age, gen, had, made, seq] = await this.run('join', pos, k, `random-${this.name}`, known);
    assert.equal(word, 'OK');
    this.gen = gen;
    this.k = Number(had);
    return { epoch, age: Number(age), gen, k: had, made, seq };
  }

  publish(text, patterns, { k = ++this.k, done = '', everywhere = 0, maxlen = 1000 } = {}) {
    return this.run('publish', k, done, everywhere, maxlen, text, ...patterns);
  }

  create(id, flags = '') { return this.run('create', id, flags); }

  // Resolves to the reply as an object, or to its word when it says no.
  async attach(id, key, { count = 0, stalled = 0 } = {}) {
    const [word, turn, at, cursor, sent, connect, acked, flags, seen, n, ...rest] =
      await this.run('attach', id, key, count, stalled);
    if (word !== 'OK') return word;
    const subs = {};
    for (let i = 0; i < rest.length; i += 2) subs[rest[i]] = rest[i + 1];
    assert.equal(Object.keys(subs).length, Number(n));
    return { turn, at, cursor, sent, connect, acked, flags, seen, subs };
  }

  change(id, sign, patterns, { key = '', limit = 1e6 } = {}) { return this.run('change', id, sign, key, limit, ...patterns); }
  subscribe(id, ...patterns) { return this.change(id, '+', patterns); }
  destroy(id, turn = '') { return this.run('destroy', id, turn); }
  touch(id, turn, key, { count = 0, cursor = '', acked = '' } = {}) { return this.run('touch', id, turn, key, count, cursor, acked); }
  sent(id, turn, cursor, sent, key, acked = '') { return this.run('sent', id, turn, cursor, sent, key, acked); }
  read(logs, maxlen = 1000) { return this.run('read', maxlen, ...Object.entries(logs).flat()); }
  keep(...patterns) { return this.run('keep', ...patterns); }
  lease(ms) { return this.run('lease', ms); }
  beat(cursor, leave = [], enter = []) { return this.run('beat', cursor, leave.length, ...leave.flat(), ...enter.flat()); }

  restore(id, turn, { cursor = 5, sent = '', connect = '', acked = '', flags = '', seen = '', subs = {} } = {}) {
    return this.run('restore', id, turn, cursor, sent, connect, acked, flags, seen,
      Object.keys(subs).length, ...Object.entries(subs).flat());
  }
}

export class Cluster {
  prefix = `{fayed}:${++prefixes}:`;
  #fences = 0;

  // Scripts are called by the user of the ACL example, whose rights are thus enough for all that is tested.
  static async start(t, who = USER) {
    const self = new Cluster();
    self.admin = await connect(t);
    self.caller = await connect(t, who);
    self.ear = await connect(t);
    self.all = new Inbox();
    await self.ear.pSubscribe(`${self.prefix}live:*`, (text, channel) => {
      self.all.add(`${channel.slice(`${self.prefix}live:`.length)} ${text}`);
    });
    for (const { text, sha } of Object.values(scripts)) {
      assert.equal(await self.caller.sendCommand(['SCRIPT', 'LOAD', text]), sha);
    }
    return self;
  }

  evalsha(script, args) {
    return this.caller.sendCommand(['EVALSHA', scripts[script].sha, '1', this.prefix, ...args.map(String)]);
  }

  async node(name) {
    const node = new Node(this, name);
    await node.join();
    return node;
  }

  // Two nodes, and an epoch that is old enough for a client to be unknown.
  async nodes() {
    const [a, b] = [await this.node('a'), await this.node('b')];
    await this.age();
    return [a, b];
  }

  key(name) { return this.prefix + name; }
  age() { return this.admin.set(this.key('epoch'), 'random-a 1'); }
  client(id) { return this.admin.hGetAll(this.key(`client:${id}`)).then((fields) => ({ ...fields })); }
  seq() { return this.admin.get(this.key('seq')); }
  has(name) { return this.admin.exists(this.key(name)).then(Boolean); }

  // What was published since it was last asked, as "PATTERN SEQ ...", in the order in which it was heard.
  async heard() {
    const fence = `fence ${++this.#fences}`;
    await this.admin.publish(this.key('live:fence'), fence);
    const items = await this.all.until((list) => list.includes(`fence ${fence}`));
    return items.splice(0).filter((item) => !item.startsWith('fence '));
  }

  // A log as ["SEQ-0 text", ...].
  async log(name) {
    const entries = await this.admin.xRange(this.key(`log:${name}`), '-', '+');
    return entries.map(({ id, message }) => `${id} ${message.m}`);
  }

  // Gives a key seconds to live, so that it shows when a script gives it more.
  wane(name) { return this.admin.expire(this.key(name), 7); }

  // Asserts that a key lives `times` T from about now.
  async lives(name, times) {
    const ttl = await this.admin.ttl(this.key(name));
    assert.ok(ttl > (times - 1) * T && ttl <= times * T, `${name} lives ${ttl} s`);
  }

  // The keys of this test that would stay for ever.
  async eternal() {
    const keys = await this.admin.keys(`${this.prefix}*`);
    const ttls = await Promise.all(keys.map((key) => this.admin.ttl(key)));
    return keys.filter((_, i) => ttls[i] < 0).map((key) => key.slice(this.prefix.length)).sort();
  }
}

// What comes after a number, as the scripts write it.
export const next = (seq, n = 1) => String(BigInt(seq) + BigInt(n));
