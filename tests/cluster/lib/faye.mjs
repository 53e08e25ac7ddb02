// npm's faye as subscriber and publisher, unmodified; the ledger is told by an extension, which sees every message once
// however many subscriptions it reaches.
import faye from 'faye';
import { within } from '../../system/lib/wait.mjs';

// How a client is connected. One that is mixed goes from the one to the other while a connect is under way.
export const KINDS = ['websocket', 'long-polling', 'mixed'];
const MIXED_CHANGES_AFTER = 40; // deliveries

export class FayeClient {
  #ledger;
  #spans = new Map(); // pattern -> the span of the latest subscribe
  #asked = new Map(); // id of a subscribe or unsubscribe -> what is to be done when it is answered
  #subscriptions = new Map();
  #isOver = false; // what it is told now does not count

  constructor(ledger, { name, url, kind = 'websocket', timeout = 10 }) {
    this.#ledger = ledger;
    this.name = name;
    this.kind = kind;
    this.account = ledger.open(name);
    this.client = new faye.Client(url, { retry: 0.3, timeout });
    if (kind === 'long-polling') this.client.disable('websocket');
    this.client.addExtension({
      outgoing: (message, pass) => { this.#onOut(message); pass(message); },
      incoming: (message, pass) => { this.#onIn(message); pass(message); },
    });
    this.client.on('transport:down', () => ledger.breaks(this.account));
  }

  get transport() { return this.client._dispatcher.connectionType; }
  get clientId() { return this.client._dispatcher.clientId; }

  async subscribe(...patterns) {
    for (const pattern of patterns) this.#subscriptions.set(pattern, this.client.subscribe(pattern, () => {}));
    for (const pattern of patterns) await within(this.#subscriptions.get(pattern), () => `${this.name} to subscribe to ${pattern}`);
  }

  async unsubscribe(pattern) {
    const span = this.#spans.get(pattern);
    this.#subscriptions.get(pattern).cancel();
    await this.#ledger.until(() => span.left);
  }

  // Resolves when it was accepted, or refused.
  async publish(channel) {
    const message = this.#ledger.publishes(this.name, channel);
    try {
      await this.client.publish(channel, message.data);
    } catch (fault) {
      this.#ledger.refuses(message, fault.message);
      return;
    }
    this.#ledger.accepts(message);
  }

  // From the one transport to the other, as when a proxy begins or ends to refuse WebSockets.
  change() {
    const dispatcher = this.client._dispatcher;
    this.#ledger.breaks(this.account);
    if (this.transport === 'websocket') {
      this.client.disable('websocket');
      dispatcher.selectTransport(['long-polling']);
    } else {
      dispatcher._disabled = [];
      dispatcher.selectTransport(['websocket', 'long-polling']);
    }
  }

  // It goes in good order. A server that is gone does not answer: then it just stops.
  async end() {
    this.#isOver = true;
    for (const span of this.#spans.values()) this.#ledger.leaves(this.account, span);
    const asked = this.client.disconnect();
    try { if (asked) await within(asked, () => 'farewell', 3000); } catch { /* so be it */ }
    this.vanish();
  }

  // It goes without a word.
  vanish() {
    this.#isOver = true;
    for (const span of this.#spans.values()) this.#ledger.leaves(this.account, span);
    const { client } = this, dispatcher = client._dispatcher;
    client._advice.reconnect = 'none';
    client._state = client.DISCONNECTED;
    for (const { timer, request } of dispatcher._envelopes.values()) {
      clearTimeout(timer);
      Promise.resolve(request).then((sent) => sent?.abort?.() ?? sent?.destroy?.());
    }
    dispatcher._envelopes.clear();
    dispatcher.close();
  }

  #onOut({ channel, id, subscription }) {
    const ledger = this.#ledger;
    for (const pattern of [subscription ?? []].flat()) {
      if (channel === '/meta/subscribe') {
        const span = ledger.asks(this.account, pattern);
        this.#spans.set(pattern, span);
        this.#asked.set(id, () => ledger.answers(span));
      } else if (channel === '/meta/unsubscribe') {
        const span = this.#spans.get(pattern);
        ledger.leaves(this.account, span);
        this.#spans.delete(pattern);
        this.#asked.set(id, () => ledger.left(span));
      }
    }
  }

  #onIn(message) {
    const { channel, id, successful, advice, data } = message;
    if (advice?.reconnect === 'handshake' && this.clientId && !this.#isOver) this.#ledger.loses(this.account); // it has none afterwards
    if (successful === undefined) {
      if (data !== undefined) this.#onMessage(channel, data);
      return;
    }
    if (successful) this.#asked.get(id)?.();
    this.#asked.delete(id);
  }

  #onMessage(channel, data) {
    this.#ledger.gets(this.account, channel, data, this.transport);
    if (this.kind === 'mixed' && this.account.got.size % MIXED_CHANGES_AFTER === 0) setImmediate(() => this.change());
  }
}
