// Redis as people run it who want it to outlive a machine: a master, a replica, and three sentinels that agree on who is
// master.
import fs from 'node:fs';
import path from 'node:path';
import { sleep, within } from '../../system/lib/wait.mjs';
import { Redis } from './redis.mjs';

const MASTER = 'fayed';
const QUORUM = 2;
const COUNT = 3;
const DOWN_AFTER_MS = 3000; // a busy machine must not look like a dead master
// How often Sentinel asks who is master and who replica; 10 s otherwise. Its other periods stay as they are, for its waits are so many of them:
// it promotes nobody who was silent for five pings, and makes whom it finds promoted a replica again if four hellos do not tell it why.
const PERIODS = ['info-period', '1000']; // ms

export class Sentinels {
  master; // a Redis, as is `replica`; they change places
  replica;
  watchers = [];

  static async start(t) {
    const all = new Sentinels();
    all.master = await Redis.start(t);
    all.replica = await Redis.start(t, { args: ['--replicaof', '127.0.0.1', all.master.port] });
    for (let number = 0; number < COUNT; number++) all.watchers.push(await all.#watcher(t));
    for (const watcher of all.watchers) await watcher.do('SENTINEL', 'DEBUG', ...PERIODS).catch(() => {}); // not before Redis 7
    await within(all.#isKnown(), () => 'the sentinels to know each other');
    return all;
  }

  get url() { return `redis-sentinel://${this.watchers.map(({ port }) => `127.0.0.1:${port}`).join(',')}/${MASTER}`; }

  #watcher(t) {
    return Redis.start(t, {
      sentinel: [
        `sentinel monitor ${MASTER} 127.0.0.1 ${this.master.port} ${QUORUM}`,
        `sentinel down-after-milliseconds ${MASTER} ${DOWN_AFTER_MS}`,
        `sentinel failover-timeout ${MASTER} 3000`,
      ],
    });
  }

  async #isKnown() {
    for (const watcher of this.watchers) {
      for (let seen; !(seen?.slaves === '1' && seen.others === String(COUNT - 1)); await sleep(50)) seen = await view(watcher);
    }
    while (!/^slave0:.*state=online/m.test(await this.master.do('INFO', 'replication'))) await sleep(50);
  }

  // The replica becomes master. The former master goes on as one until a sentinel tells it to follow, and forgets then
  // what it took meanwhile. Resolves when it has.
  async failOver() {
    const switched = this.#switched();
    // A sentinel that has not asked the replica yet has nobody to promote.
    for (let done = false; !done;) {
      done = await this.watchers[0].do('SENTINEL', 'failover', MASTER).then(() => true, async (fault) => {
        if (!/NOGOODSLAVE/.test(fault.message)) throw fault;
        await sleep(50);
        return false;
      });
    }
    await switched;
    [this.master, this.replica] = [this.replica, this.master];
    // It ends its connections when it does.
    const role = () => this.replica.do('ROLE').then(([word]) => word, () => 'changing');
    const follows = async () => { while (await role() !== 'slave') await sleep(50); };
    await within(follows(), () => `the former master to follow\n${this.#said()}`, 60000);
  }

  // What they have seen and decided last.
  #said() {
    return this.watchers.map(({ log, port }) => `sentinel ${port}: ${log.text.slice(-1500)}`).join('\n');
  }

  // The master dies; sentinels notice and make the replica master. What it had not passed on by then is gone.
  async failOverByKill() {
    const switched = this.#switched();
    await this.master.kill();
    await switched;
    [this.master, this.replica] = [this.replica, this.master];
  }

  // Resolves when all sentinels have told of another master.
  #switched() {
    return Promise.all(this.watchers.map((watcher) => watcher.log.says(/\+switch-master/, watcher.log.text.length, 60000)));
  }
}

async function view(watcher) {
  const list = await watcher.do('SENTINEL', 'master', MASTER);
  const field = (name) => list[list.indexOf(name) + 1];
  return { slaves: field('num-slaves'), others: field('num-other-sentinels') };
}
