// Who is owed what, and what each got. Pure accounting: everything is told to it in the order in which this process saw
// it, and it asks nobody.
//
// A message is due to a subscriber when it was first sent after the answer to a subscribe that covers it, and was
// accepted before anybody asked to unsubscribe. What overlaps with either may come or not. What was accepted before the
// subscribe was asked for, or sent after the unsubscribe was answered, must not come.
import { within } from '../../system/lib/wait.mjs';

const STALL_MS = 60000; // without a single delivery: then what is owed counts as lost

export const covers = (pattern, channel) => {
  if (pattern.endsWith('/**')) return channel.startsWith(pattern.slice(0, -2));
  if (pattern.endsWith('/*')) return channel.startsWith(pattern.slice(0, -1)) && !channel.slice(pattern.length - 1).includes('/');
  return pattern === channel;
};

class Account {
  spans = [];       // of its subscriptions: { pattern, asked, answered, leaving, left }, each a moment or null
  got = new Map();  // message -> moments, the first one and every double
  owed = new Set(); // messages
  highest = new Map(); // "publisher channel" -> the highest number so far
  breaks = [];      // moments at which its wire broke, or it changed its transport
  told = [];        // moments at which it was told that its session is unknown

  constructor(name) { this.name = name; }
}

export class Ledger {
  messages = new Map(); // "publisher channel n" -> message
  accounts = [];
  doubled = [];    // { account, message, first, again, how }
  misordered = []; // { account, message, behind, at, how }: behind is the number that had come already
  uninvited = [];  // { account, message, at, how }
  foreign = [];    // { account, channel, data, at }: what nobody has published
  refused = [];    // { message, why }
  owed = 0;
  #began = performance.now();
  #delivered = 0; // when something last was
  #ticks = 0;
  #counts = new Map();
  #lookers = new Set();

  // Moments are ordered by `tick`; `s` is for people.
  now() { return { tick: ++this.#ticks, s: (performance.now() - this.#began) / 1000 }; }

  open(name) {
    const account = new Account(name);
    this.accounts.push(account);
    return account;
  }

  // ---- publishers

  // The next message of a publisher on a channel; its `data` is what must be sent, with so much padding.
  publishes(publisher, channel, padding = 0) {
    const line = `${publisher} ${channel}`, n = (this.#counts.get(line) ?? 0) + 1;
    this.#counts.set(line, n);
    const message = { publisher, channel, n, line, data: { p: publisher, n, ...(padding && { pad: 'x'.repeat(padding) }) }, sent: this.now(), accepted: null };
    this.messages.set(`${line} ${n}`, message);
    return message;
  }

  accepts(message) {
    message.accepted = this.now();
    for (const account of this.accounts) {
      if (!account.got.has(message) && account.spans.some((span) => isDue(span, message))) this.#owe(account, message);
    }
    this.#look();
  }

  refuses(message, why) { this.refused.push({ message, why }); }

  // ---- subscribers

  asks(account, pattern) {
    const span = { pattern, asked: this.now(), answered: null, leaving: null, left: null };
    account.spans.push(span);
    return span;
  }

  answers(span) { span.answered = this.now(); }

  // It has asked to unsubscribe. What it had not got by then may be withdrawn, but for what came out of turn.
  leaves(account, span) {
    span.leaving ??= this.now();
    for (const message of account.owed) {
      const isTail = message.n > (account.highest.get(message.line) ?? 0);
      if (isTail && !account.spans.some((other) => isDue(other, message))) this.#settle(account, message);
    }
    this.#look();
  }

  left(span) {
    span.left = this.now();
    this.#look();
  }

  // It was told that it is unknown. What it was owed it is still owed.
  loses(account) {
    const moment = this.now();
    account.told.push(moment);
    for (const span of account.spans) {
      span.leaving ??= moment;
      span.left ??= moment;
    }
    this.#look();
  }

  breaks(account) { account.breaks.push(this.now()); }

  gets(account, channel, data, how) {
    const at = this.now(), message = this.messages.get(`${data?.p} ${channel} ${data?.n}`);
    if (!message) {
      this.foreign.push({ account, channel, data, at });
      return;
    }
    const moments = account.got.get(message);
    if (moments) {
      this.doubled.push({ account, message, first: moments[0], again: at, how });
      moments.push(at);
      return;
    }
    account.got.set(message, [at]);
    this.#delivered = performance.now();
    if (!account.spans.some((span) => isInvited(span, message))) this.uninvited.push({ account, message, at, how });
    const behind = account.highest.get(message.line) ?? 0;
    if (behind > message.n) this.misordered.push({ account, message, behind, at, how });
    else account.highest.set(message.line, message.n);
    this.#settle(account, message);
    this.#look();
  }

  // ---- the end

  get lost() {
    return this.accounts.flatMap((account) => [...account.owed].map((message) => ({ account, message })));
  }

  get accepted() { return [...this.messages.values()].filter(({ accepted }) => accepted).length; }
  get delivered() { return this.accounts.reduce((sum, { got }) => sum + got.size, 0); }

  // Resolves when `enough` says so; true. False when nothing was delivered for `stall_ms`.
  async until(enough, stall_ms = STALL_MS) {
    const began = performance.now();
    while (!enough()) {
      const left_ms = stall_ms - (performance.now() - Math.max(began, this.#delivered));
      let look;
      const moved = new Promise((done) => { this.#lookers.add(look = done); });
      try { await within(moved, () => 'a delivery', Math.max(left_ms, 0)); } catch { return false; } finally { this.#lookers.delete(look); }
    }
    return true;
  }

  // All that is due has come: true. False when nothing comes any more.
  isSettled(stall_ms) { return this.until(() => !this.owed, stall_ms); }

  #owe(account, message) {
    account.owed.add(message);
    this.owed++;
  }

  #settle(account, message) { if (account.owed.delete(message)) this.owed--; }

  #look() { for (const look of this.#lookers) look(); }
}

const isDue = ({ pattern, answered, leaving }, { channel, sent }) =>
  answered && !leaving && answered.tick < sent.tick && covers(pattern, channel);

const isInvited = ({ pattern, asked, left }, { channel, sent, accepted }) =>
  covers(pattern, channel) && !(accepted?.tick < asked.tick) && !(left?.tick < sent.tick);
