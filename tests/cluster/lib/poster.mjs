// A publisher that does by hand what faye.js does over HTTP: every message has clientId and id, and goes out again under
// the same id, to a node chosen anew, until it is answered.
import http from 'node:http';
import { handshake, post } from '../../system/lib/bayeux.mjs';
import { sleep } from '../../system/lib/wait.mjs';

const RETRY_MS = 200;

export class Poster {
  tries = 0; // requests beyond the first of each message
  #ledger;
  #pick;
  #patience_ms;
  #padding;
  #agent = new http.Agent({ keepAlive: true });
  #clientId = null;
  #ids = 0;
  #over = false;

  // `pick` gives the URL for each request.
  constructor(ledger, { name, pick, patience_ms = 10000, padding = 0 }) {
    this.#ledger = ledger;
    this.name = name;
    this.#pick = pick;
    this.#patience_ms = patience_ms;
    this.#padding = padding; // bytes of data beyond the number
  }

  async publish(channel) {
    this.#clientId ??= (await this.#ask(handshake())).clientId;
    const message = this.#ledger.publishes(this.name, channel, this.#padding);
    const reply = await this.#ask({ channel, data: message.data, clientId: this.#clientId, id: (++this.#ids).toString(36) });
    if (reply?.successful) this.#ledger.accepts(message);
    else this.#ledger.refuses(message, reply?.error ?? 'the publisher gave up');
  }

  end() {
    this.#over = true;
    this.#agent.destroy();
  }

  // Resolves to the reply, or to null when the publisher was told to end.
  async #ask(message) {
    for (let first = true; !this.#over; first = false) {
      if (!first) {
        this.tries++;
        await sleep(RETRY_MS);
      }
      const reply = await this.#once(message);
      if (reply) return reply;
    }
    return null;
  }

  // What is no list of replies is no answer; a handshake that fails is tried again.
  async #once(message) {
    const request = post(this.#pick(), [message], { agent: this.#agent });
    const late = setTimeout(() => request.hangUp(), this.#patience_ms);
    try {
      const { json } = await request.answer;
      const reply = Array.isArray(json) && json.find(({ id, channel }) => channel === message.channel && id === message.id);
      return reply && (reply.successful || message.clientId) ? reply : null;
    } catch {
      return null;
    } finally {
      clearTimeout(late);
    }
  }
}
