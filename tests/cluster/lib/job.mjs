// A background job that publishes through Redis alone, without a word to any fayed.
import { sleep } from '../../system/lib/wait.mjs';

export class Job {
  #ledger;
  #cluster;
  #how;

  // `how`: 'XADD' or 'PUBLISH'.
  constructor(ledger, { name, cluster, how }) {
    this.#ledger = ledger;
    this.name = name;
    this.#cluster = cluster;
    this.#how = how;
  }

  // Resolves when Redis has it.
  async publish(channel) {
    const message = this.#ledger.publishes(this.name, channel);
    await this.put(channel, JSON.stringify(message.data));
    this.#ledger.accepts(message);
  }

  // `data` is JSON. While nobody hears it, PUBLISH says so.
  async put(channel, data) {
    if (this.#how === 'XADD') await this.putRaw('channel', channel, 'data', data);
    else while (await this.putRaw(`{"channel":"${channel}","data":${data}}`) === 0) await sleep(20);
  }

  // An entry's words, or a text; strings or bytes, good or bad.
  putRaw(...words) {
    const { redis } = this.#cluster, key = this.#cluster.key('publish');
    return this.#how === 'XADD' ? redis.do('XADD', key, '*', ...words) : redis.do('PUBLISH', key, ...words);
  }
}
