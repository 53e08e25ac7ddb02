// Plays one script against both servers and says where they first differ.
import { diff } from '../compare.mjs';
import { Prudence, read } from './prudence.mjs';
import { ANSWER_RULES, DELIVERY_RULES, REPLY_RULES } from './rules.mjs';
import { Side } from './side.mjs';

const WHO = ['faye', 'fayed'];
const SETTLE_MS = 3000;
const JSON_TYPE = { 'Content-Type': 'application/json' };

// More than one of these in a batch, and the order of the replies is anybody's.
const LATE = ['/meta/connect', '/meta/disconnect'];

const sorted = (value) => (value === null || typeof value !== 'object' ? value
  : Array.isArray(value) ? value.map(sorted)
    : Object.fromEntries(Object.keys(value).sort().map((key) => [key, sorted(value[key])])));
const distinct = (messages) => [...new Set(messages.map((message) => JSON.stringify(sorted(message))))].sort();

// How often which rule was of use, and how much Faye sent that was compared.
export const newCounts = () => ({ rules: new Map(), replies: 0, deliveries: 0 });

export class Round {
  #sides;
  #script;
  #prudence = new Prudence();
  #counts;
  #step; // the last one played
  #lost = false; // a frame went to a loosely bound socket that one server was closing
  #mixed = new Set(); // sockets on which replies to one frame may have come in another order
  #parcels = new Map(); // client that had a poll held to what it got from each server
  #polled = [[], []]; // all that came by polls

  // `counts`: see newCounts.
  constructor(urls, script, counts = newCounts()) {
    this.#sides = urls.map((url) => new Side(url));
    this.#script = script;
    this.#counts = counts;
  }

  // null, or { step, lines, faye, fayed }.
  async play() {
    try {
      for (const step of this.#script) {
        const found = await this.#playStep(step);
        if (found || this.#prudence.ended || this.#lost) return found;
      }
      return await this.#playEnd();
    } finally {
      await Promise.all(this.#sides.map((side) => side.end()));
    }
  }

  #both(work) { return Promise.all(this.#sides.map(work)); }

  #use(rule) { this.#counts.rules.set(rule, (this.#counts.rules.get(rule) ?? 0) + 1); }

  #count(answer) {
    this.#counts.replies += answer.replies?.length ?? 0;
    this.#counts.deliveries += answer.deliveries?.length ?? 0;
  }

  async #playStep(step) {
    this.#step = step;
    this.#prudence.note(step);
    switch (step.do) {
      case 'open': return this.#compare(await this.#both((side) => side.openSocket(step)));
      case 'close': await this.#both((side) => side.closeSocket(step)); return null;
      case 'send': return this.#send(step);
      default:
    }
    if (!step.hold) return this.#compareAnswers(step, await this.#both((side) => side.http(step)));
    await this.#both((side) => side.hold(step));
    return null;
  }

  // Both closed or both open, given time; loosely bound sockets may stay so in one server only.
  async #isOpen(name) {
    const closed = () => this.#sides.map((side) => Boolean(side.sockets()[name].closed));
    if (closed()[0] !== closed()[1] && !this.#prudence.loose) await Promise.all(this.#sides.map((side) => side.untilClosed(name)));
    return closed();
  }

  async #send(step) {
    const closed = await this.#isOpen(step.socket);
    if (closed[0] !== closed[1] && !this.#prudence.loose) return this.#compare(closed.map((is) => ({ closed: is })));
    if (closed.some(Boolean)) return null;
    const { messages, valid, upset } = read(step);
    const count = messages.filter(Boolean).length;
    await this.#both((side) => side.send(step, valid && !upset ? count || 1 : 0));
    const { loose } = this.#prudence;
    this.#lost = loose && this.#sides.some((side) => side.sockets()[step.socket].closed);
    if (upset || this.#lost) return null;
    if (messages.length > 1) this.#mixed.add(step.socket);
    const replies = this.#sides.map((side, index) => this.#amendAnswer(side.sockets()[step.socket], index).replies);
    return this.#compare(replies, this.#mixed.has(step.socket));
  }

  #compare([faye, fayed], unordered = false) {
    const lines = diff(faye, fayed, unordered);
    return lines.length ? { step: this.#step, lines, faye, fayed } : null;
  }

  // Messages as they would be had the servers the same manners.
  #amend(messages, rules, who) {
    return messages.map((message) => rules.reduce((amended, rule) => {
      if (!rule[who]) return amended;
      const after = rule[who](amended);
      if (diff(amended, after).length) this.#use(rule.name);
      return after;
    }, message));
  }

  #amendAnswer(answer, index) {
    return answer.deliveries ? {
      ...answer,
      replies: this.#amend(answer.replies, REPLY_RULES, WHO[index]),
      deliveries: this.#amend(answer.deliveries, DELIVERY_RULES, WHO[index]),
    } : answer;
  }

  // `holder`: the client to whom all of it goes, when only the sum of its polls is compared.
  #compareAnswers(step, [faye, fayed], holder) {
    const rule = ANSWER_RULES.find(({ accepts }) => accepts(step, faye, fayed, this.#prudence.ended));
    if (rule) {
      this.#use(rule.name);
      return null;
    }
    this.#count(faye);
    const amended = [faye, fayed].map((answer, index) => this.#amendAnswer(answer, index));
    const several = read(step).messages.filter((message) => LATE.includes(message?.channel)).length > 1;
    for (const [index, answer] of amended.entries()) {
      if (!answer.deliveries) continue;
      this.#polled[index].push(...answer.deliveries);
      if (holder) this.#parcel(holder)[index].push(...answer.deliveries);
      if (holder || this.#prudence.loose) answer.deliveries = [];
    }
    return this.#compare(amended, several);
  }

  async #playEnd() {
    return await this.#endHolds() ?? await this.#drain() ?? this.#compareParcels() ?? this.#compareSockets();
  }

  #post(message) { return { do: 'http', headers: JSON_TYPE, body: JSON.stringify([message]) }; }

  // Polls that nothing came for are answered when their client leaves.
  async #endHolds() {
    for (const { hold, client } of this.#script.filter((step) => step.hold)) {
      // Twice there and back: a poll that was answered by then has been heard of.
      for (const _ of [1, 2]) await this.#both((side) => side.http({ headers: JSON_TYPE, body: '[]' }));
      const held = this.#sides.map((side) => side.isHeld(hold));
      // Loosely, what ends the one may have gone elsewhere in the other.
      if (this.#prudence.loose ? held.some(Boolean) : held.every(Boolean)) {
        const found = await this.#playStep(this.#post({ channel: '/meta/disconnect', clientId: `\${${client}}` }));
        if (found) return found;
      }
      const answers = await this.#both((side) => side.holdAnswer(hold));
      const step = this.#script.find((other) => other.hold === hold);
      const found = this.#compareAnswers(step, answers, client);
      if (found) return { ...found, step };
    }
    return null;
  }

  #parcel(client) {
    if (!this.#parcels.has(client)) this.#parcels.set(client, [[], []]);
    return this.#parcels.get(client);
  }

  // What still waits for somebody.
  async #drain() {
    for (const client of this.#sides[0].clients) {
      const clientId = `\${${client}}`;
      if (this.#prudence.isBound(clientId) && !this.#prudence.loose) continue;
      const step = this.#post({
        channel: '/meta/connect', clientId, connectionType: 'long-polling', id: 'drain', advice: { timeout: 0 },
      });
      this.#step = step;
      this.#prudence.note(step);
      const answers = await this.#both((side) => side.http(step));
      const found = this.#compareAnswers(step, answers, this.#parcels.has(client) ? client : undefined);
      if (found) return found;
    }
    return null;
  }

  // How much of it was in the first answer is up to Faye's timer of a millisecond. What was not, a disconnect loses.
  #compareParcels() {
    for (const [client, parcel] of this.#parcels) {
      const least = this.#prudence.hasLeft(client) ? Math.min(...parcel.map(({ length }) => length)) : Infinity;
      const found = this.#prudence.loose ? null : this.#compare(parcel.map((messages) => messages.slice(0, least)));
      if (found) return { ...found, step: { do: `everything that came by polls for ${client}` } };
    }
    return null;
  }

  async #compareSockets() {
    const deadline = Date.now() + SETTLE_MS;
    for (;;) {
      await this.#both((side) => side.flush());
      const found = this.#compareSocketsNow();
      if (!found) Object.values(this.#sides[0].sockets()).forEach((socket) => this.#count(socket));
      if (!found || Date.now() > deadline) return found;
      await new Promise((done) => { setTimeout(done, 20); });
    }
  }

  #compareSocketsNow() {
    const pair = this.#sides.map((side, index) => Object.fromEntries(Object.entries(side.sockets()).map(([name, socket]) =>
      [name, this.#amendAnswer(socket, index)])));
    this.#step = { do: 'everything that came over sockets' };
    const { loose, anyLeft } = this.#prudence;
    if (loose) {
      this.#use(loose);
      if (anyLeft) return null; // and took along what had come to it in one server only
      const all = pair.map((sockets) => Object.values(sockets).flatMap(({ deliveries }) => deliveries));
      return this.#compare(all.map((messages, index) => distinct([...messages, ...this.#polled[index]]
        .filter((message) => !this.#prudence.isRetried(message)))));
    }
    for (const name of Object.keys(pair[0])) {
      const replies = pair.map((sockets) => sockets[name].replies.splice(0));
      const found = this.#compare(pair.map((sockets) => sockets[name])) ?? this.#compare(replies, this.#mixed.has(name));
      if (found) return { ...found, step: { do: `everything that came over ${name}` } };
    }
    return null;
  }
}
