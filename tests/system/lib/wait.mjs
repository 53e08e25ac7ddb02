// Waiting for what should happen. Deadlines only end what hangs: they are generous and never measure.
export const PATIENCE_MS = 30000;

export const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

export function within(promise, what, ms = PATIENCE_MS) {
  let timer;
  const late = new Promise((_, fail) => { timer = setTimeout(() => fail(new Error(`waited ${ms} ms for ${what()}`)), ms); });
  const first = Promise.race([promise, late]).finally(() => clearTimeout(timer));
  first.catch(() => {}); // it may be looked at later
  return first;
}

// A list that others add to, and that can be waited for.
export class Inbox {
  items = [];
  #waiters = new Set();

  add(...items) {
    this.items.push(...items);
    for (const look of this.#waiters) look();
  }

  // Resolves to the items when `enough` says so of them.
  until(enough, ms) {
    let look;
    const there = new Promise((done) => {
      look = () => { if (enough(this.items)) done(this.items); };
      this.#waiters.add(look);
      look();
    });
    return within(there, () => `items of which there are ${this.items.length}: ${JSON.stringify(this.items.slice(-3))?.slice(0, 300)}`, ms)
      .finally(() => this.#waiters.delete(look));
  }

  has(count, ms) { return this.until((items) => items.length >= count, ms); }
}
