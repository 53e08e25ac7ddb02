// A background job that publishes through Redis alone, without a word to any fayed.

export class Job {
  #ledger;
  #cluster;
  #how;

  constructor(ledger, { name, cluster, how }) {
    this.#ledger = ledger;
    this.name = name;
    this.#cluster = cluster;
    this.#how = how;
  }

  // Resolves when Redis has it.
  async publish(channel) {
    const message = this.#ledger.publishes(this.name, channel);
    await this.put(JSON.stringify({ channel, data: message.data }));
    this.#ledger.accepts(message);
  }

  // Any text or bytes, good or bad.
  put(text) {
    const { redis } = this.#cluster, key = this.#cluster.key('publish');
    return this.#how === 'XADD' ? redis.do('XADD', key, '*', 'message', text) : redis.do('PUBLISH', key, text);
  }
}
