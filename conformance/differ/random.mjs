// Chance that can be had again: the same seed gives the same numbers.

export class Random {
  #state;

  constructor(seed) {
    this.#state = seed >>> 0;
    this.#next(); // small seeds begin alike
  }

  // mulberry32: 32 bits of state, good enough to choose with
  #next() {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  }

  below(n) { return Math.floor((this.#next() / 2 ** 32) * n); }
  between(low, high) { return low + this.below(high - low + 1); }
  chance(p) { return this.#next() / 2 ** 32 < p; }
  pick(list) { return list[this.below(list.length)]; }

  // One of [[weight, value], ...].
  weigh(choices) {
    let left = this.below(choices.reduce((sum, [weight]) => sum + weight, 0));
    return choices.find(([weight]) => (left -= weight) < 0)[1];
  }

  times(n, make) { return Array.from({ length: n }, (_, index) => make(index)); }

  shuffle(list) {
    const rest = [...list];
    return this.times(rest.length, () => rest.splice(this.below(rest.length), 1)[0]);
  }
}
