// The delivery checker: people who publish numbered messages, people who get them, and a ledger of it all.
//
// A test starts subscribers and publishers, lets them publish while things happen, and asks at the end whether each
// published message came to each of its subscribers once and in order.
import assert from 'node:assert/strict';
import { sleep } from '../../system/lib/wait.mjs';
import { FayeClient } from './faye.mjs';
import { Job } from './job.mjs';
import { Ledger } from './ledger.mjs';
import { Poster } from './poster.mjs';
import { judge } from './report.mjs';
import { say } from './say.mjs';

const FLUSHES = 2; // the second shows that the answers with the first were acknowledged

let rooms = 0;
export const freshRoom = (name = 'room') => `/${name}${++rooms}`;

export class Checker {
  ledger = new Ledger();
  #clients = [];
  #posters = [];
  #jobs = 0;
  #count = 0; // clients ever
  #channels = new Map(); // channel -> a publisher that used it

  constructor(t) {
    t.defer(() => this.leave());
  }

  // All go, every other one without a word.
  async leave() {
    for (const poster of this.#posters.splice(0)) poster.end();
    await Promise.all(this.#clients.splice(0).map((client, index) => (index % 2 ? client.vanish() : client.end())));
  }

  // A client that is subscribed when this resolves.
  async subscriber({ patterns = [], ...options }) {
    const client = new FayeClient(this.ledger, { name: `s${++this.#count} ${options.kind ?? ''}`.trim(), ...options });
    this.#clients.push(client);
    if (patterns.length) await client.subscribe(...patterns);
    return client;
  }

  // A client that publishes.
  publisher(options) { return this.subscriber({ name: `p${++this.#count}`, ...options }); }

  // One that publishes by plain POST; `pick` gives the URL for each request.
  poster(pick, options) {
    const poster = new Poster(this.ledger, { name: `c${this.#posters.length + 1}`, pick, ...options });
    this.#posters.push(poster);
    return poster;
  }

  // One that keeps to a node, whatever happens to it: what it publishes stays in order.
  posterAt(node, options) { return this.poster(() => node.url, { name: `c${this.#posters.length + 1} at ${node.name}`, ...options }); }

  // A background job, which publishes through Redis: `how` is 'XADD' or 'PUBLISH'.
  job(cluster, how) { return new Job(this.ledger, { name: `j${++this.#jobs}`, cluster, how }); }

  publish(publisher, channel) {
    this.#channels.set(channel, publisher);
    return publisher.publish(channel);
  }

  // Each publisher publishes `count` messages, one after the other, going over the channels.
  publishAll(publishers, channels, count) {
    const one = async (publisher, offset) => {
      for (let n = 0; n < count; n++) await this.publish(publisher, channels[(n + offset) % channels.length]);
    };
    return Promise.all(publishers.map(one));
  }

  // They publish from before `body` begins until it is over; `pace_ms` lies between two messages of one.
  async publishing(publishers, channels, body, { pace_ms = 5 } = {}) {
    let over = false;
    const one = async (publisher, offset) => {
      for (let n = offset; !over; n++) {
        await this.publish(publisher, channels[n % channels.length]);
        await sleep(pace_ms);
      }
    };
    const all = Promise.all(publishers.map(one));
    try { await Promise.race([body(), all]); } finally { over = true; }
    await all;
  }

  // Something goes wrong while `body` runs, which may say by its argument when something was gone. Resolves, when all nodes
  // are one again, to the moments: { began, gone, ended }.
  async trouble(cluster, body) {
    const trouble = { began: this.ledger.now() };
    await body(() => { trouble.gone = this.ledger.now(); });
    await cluster.heals();
    trouble.ended = this.ledger.now();
    return trouble;
  }

  // Resolves when so many more messages were accepted, and so many more deliveries made.
  async flows(count = 100) {
    const { ledger } = this, accepted = ledger.accepted + count, delivered = ledger.delivered + count;
    if (!await ledger.until(() => ledger.accepted >= accepted && ledger.delivered >= delivered)) {
      throw new Error(`nothing flows any more\n${judge(ledger).text}`);
    }
  }

  // Resolves when all that is due has come, but what may be lost by `mayLose`; what came twice, or late, has come by then
  // as well, for each channel got more messages afterwards. False when something does not come.
  async settle(stall_ms, mayLose = () => false) {
    const { ledger } = this;
    const isSettled = () => ledger.until(() => !ledger.owed || ledger.lost.every(mayLose), stall_ms);
    if (!await isSettled()) return false;
    for (let flush = 0; flush < FLUSHES; flush++) {
      await Promise.all([...this.#channels].map(([channel, publisher]) => publisher.publish(channel)));
      if (!await isSettled()) return false;
    }
    return true;
  }

  // Once all have settled: nothing may be lost, doubled, misordered and so on, but what `allowed` says (report.mjs).
  async expect(allowed, stall_ms) {
    await this.settle(stall_ms, allowed?.lost);
    const { faults, text } = judge(this.ledger, allowed);
    say(text);
    assert.equal(faults, 0, text);
  }
}
