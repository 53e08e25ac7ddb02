// One server of the two while a script is played: its client ids, sockets and held polls.
import { describe, request } from '../exchange.mjs';
import { Stream } from '../stream.mjs';
import { build } from './wire.mjs';

const HANG_MS = 8000; // a poll that nobody ends is answered after five seconds
const SETTLE_MS = 3000;

const isDelivery = (message) => message !== null && typeof message === 'object' && 'data' in message;
const split = (messages) => ({
  replies: messages.filter((message) => !isDelivery(message)),
  deliveries: messages.filter(isDelivery),
});

export const late = (promise, ms) => {
  let timer;
  return Promise.race([promise, new Promise((done) => { timer = setTimeout(done, ms, 'pending'); })]).finally(() => clearTimeout(timer));
};

export class Side {
  #base;
  #names = new Map(); // client id to c1, c2, ...
  #ids = new Map();
  #sockets = new Map(); // name to { stream, replies, deliveries }
  #holds = new Map(); // name to { answered, answer }
  #watcher;
  #probes = 0;
  #open = new Set();

  constructor(url) { this.#base = new URL(url); }

  get clients() { return [...this.#names.values()]; }

  // Behind a backslash, an id would be right or wrong by its first letter.
  #fill = (text) => text.replace(/(?<!\\)\$\{(c\d+)\}/g, (all, name) => this.#ids.get(name) ?? all);

  #learn(replies) {
    for (const reply of replies) {
      if (reply?.channel !== '/meta/handshake' || reply.successful !== true || this.#names.has(reply.clientId)) continue;
      const name = `c${this.#names.size + 1}`;
      this.#names.set(reply.clientId, name);
      this.#ids.set(name, reply.clientId);
    }
  }

  // The value with names in the place of client ids.
  #tidy(value) {
    if (typeof value === 'string') return this.#named(value);
    if (value === null || typeof value !== 'object') return value;
    if (Array.isArray(value)) return value.map((item) => this.#tidy(item));
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [this.#named(key), this.#tidy(item)]));
  }

  #named(text) {
    for (const [id, name] of this.#names) text = text.replaceAll(id, `\${${name}}`);
    return text;
  }

  #begin(step) {
    let cut;
    const answer = request(this.#base, build(step, this.#base.pathname, this.#fill), (stop) => { cut = stop; this.#open.add(cut); });
    return answer.then((got) => { this.#open.delete(cut); return got; });
  }

  #finish(answer) {
    if (answer === 'pending' || answer.error) return answer;
    const { json, ...result } = describe(answer);
    if (!Array.isArray(json)) return json === undefined ? result : { ...result, json };
    const { replies, deliveries } = split(json);
    this.#learn(replies);
    return this.#tidy({ ...result, replies, deliveries });
  }

  async http(step) { return this.#finish(await late(this.#begin(step), HANG_MS)); }

  // Resolves once the server has the poll: what is published behind the connect has been heard.
  async hold(step) {
    await this.#watch();
    const hold = { answer: null };
    hold.answered = this.#begin(step).then((answer) => { hold.answer = this.#finish(answer); });
    this.#holds.set(step.hold, hold);
    await this.#watcher.until(() => this.#watcher.frames.flat().some((m) => m?.channel === `/sync/${step.hold}`) || hold.answer, SETTLE_MS);
  }

  isHeld(name) { return !this.#holds.get(name).answer; }

  async holdAnswer(name) {
    const hold = this.#holds.get(name);
    await late(hold.answered, HANG_MS);
    return hold.answer ?? 'pending';
  }

  async #watch() {
    if (this.#watcher) return;
    const watcher = this.#watcher = new Stream((text) => text);
    await watcher.openSocket(`ws://${this.#base.host}${this.#base.pathname}`, {});
    const ask = async (message) => {
      watcher.socket.send(JSON.stringify([message]));
      return (await watcher.receive({ within: SETTLE_MS }))[0];
    };
    const { clientId } = await ask({ channel: '/meta/handshake', version: '1.0', supportedConnectionTypes: ['websocket'] });
    this.watcherId = clientId;
    await ask({ channel: '/meta/connect', clientId, connectionType: 'websocket', advice: { timeout: 0 } });
    await ask({ channel: '/meta/subscribe', clientId, subscription: '/sync/*' });
  }

  async openSocket(step) {
    const stream = new Stream((text) => text);
    const { path } = build(step, this.#base.pathname);
    const socket = { stream, replies: [], deliveries: [], probed: false };
    this.#sockets.set(step.socket, socket);
    return stream.openSocket(`ws://${this.#base.host}${path}`, {});
  }

  // What came over a socket so far. A frame without messages counts as a reply.
  #take(socket) {
    for (const frame of socket.stream.frames.splice(0)) {
      const { replies, deliveries } = split(Array.isArray(frame) && frame.length ? frame : [frame]);
      this.#learn(replies);
      socket.replies.push(...this.#tidy(replies.filter((reply) => !this.#isProbe(reply))));
      socket.probed ||= replies.some((reply) => this.#isProbe(reply));
      socket.deliveries.push(...this.#tidy(deliveries));
    }
    return socket;
  }

  #isProbe(reply) { return reply?.channel === '/meta/probe' && reply.id === this.#probes; }

  // Resolves when so many replies have come; without any to expect, when a question behind the frame is answered.
  async send(step, expected) {
    const socket = this.#sockets.get(step.socket);
    const { stream } = socket;
    const before = this.#take(socket).replies.length;
    if (stream.closed) return;
    const text = this.#fill(step.text);
    stream.socket.send(step.binary ? Buffer.from(text) : text);
    if (!expected) await this.#probe(socket);
    else await stream.until(() => this.#take(socket).replies.length >= before + expected || stream.closed, SETTLE_MS);
  }

  async #probe(socket) {
    const { stream } = socket;
    if (stream.closed) return;
    socket.probed = false;
    stream.socket.send(JSON.stringify([{ channel: '/meta/probe', id: ++this.#probes }]));
    await stream.until(() => this.#take(socket).probed || stream.closed, SETTLE_MS);
  }

  // Whatever the server had to say on its sockets is here when it has answered this.
  async flush() { for (const socket of this.#sockets.values()) await this.#probe(socket); }

  async closeSocket(step) {
    const { stream } = this.#sockets.get(step.socket);
    stream.socket.close(1000);
    await stream.until(() => stream.closed, SETTLE_MS);
  }

  async untilClosed(name) {
    const { stream } = this.#sockets.get(name);
    await stream.until(() => stream.closed, SETTLE_MS);
  }

  // What all sockets have got: { w1: { replies, deliveries, closed }, ... }.
  sockets() {
    return Object.fromEntries([...this.#sockets].map(([name, socket]) => {
      const { replies, deliveries } = this.#take(socket);
      return [name, { replies, deliveries, closed: socket.stream.closed }];
    }));
  }

  // Leaves nothing behind for the next round.
  async end() {
    for (const stop of this.#open) stop();
    for (const { stream } of this.#sockets.values()) stream.end();
    this.#watcher?.end();
    const ids = [...this.#names.keys(), ...(this.watcherId ? [this.watcherId] : [])];
    const body = JSON.stringify(ids.map((clientId) => ({ channel: '/meta/disconnect', clientId })));
    await late(this.#begin({ headers: { 'Content-Type': 'application/json' }, body }), HANG_MS);
  }
}
