// The wire between one node and its Redis: a TCP proxy that carries bytes late, not at all, or breaks.
//
// A node has two connections. The one that subscribes is told by its words; `only: 'subscriber'` or 'commands' picks.
import net from 'node:net';

const SUBSCRIBES = /SUBSCRIBE\r\n/i;

export class Cable {
  #target;
  #server;
  #pairs = new Set();
  #open = true;
  #delay_ms = 0;
  #stalled = { up: null, down: null }; // which connections stand still: 'subscriber', 'commands', 'all' or none

  static async start(t, target) {
    const cable = new Cable();
    cable.#target = target;
    cable.#server = net.createServer({ noDelay: true, allowHalfOpen: true }, (socket) => cable.#accept(socket));
    t.defer(() => new Promise((done) => {
      cable.#server.close(done);
      cable.down();
    }));
    await new Promise((done) => cable.#server.listen(0, '127.0.0.1', done));
    cable.port = cable.#server.address().port;
    return cable;
  }

  // Breaks what is there; new connections are carried. `how` is 'rst' or 'fin'. Returns how many were broken.
  cut({ only = 'all', how = 'rst' } = {}) {
    const chosen = [...this.#pairs].filter((pair) => isOne(pair, only));
    for (const pair of chosen) this.#end(pair, how);
    return chosen.length;
  }

  // Breaks all and refuses new ones, until up().
  down() {
    this.#open = false;
    this.cut();
  }

  up() { this.#open = true; }

  // Every piece comes so much later, in both directions and in order. Lasts until another delay is set.
  delay(ms) { this.#delay_ms = ms; }

  // From now on nothing moves in `direction` ('up' to Redis, 'down' to the node), but nobody is told; until flow().
  stall({ only = 'all', direction = 'down' } = {}) {
    this.#stalled[direction] = only;
    for (const pair of this.#pairs) this.#hold(pair);
  }

  flow() {
    this.#stalled = { up: null, down: null };
    for (const pair of this.#pairs) this.#hold(pair);
  }

  get subscribers() { return [...this.#pairs].filter((pair) => pair.kind === 'subscriber').length; }

  #accept(node) {
    if (!this.#open) {
      node.resetAndDestroy();
      return;
    }
    const redis = net.connect({ port: this.#target, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
    const pair = { node, redis, kind: 'commands', dead: false, last: { up: Promise.resolve(), down: Promise.resolve() } };
    this.#pairs.add(pair);
    for (const [from, to, direction] of [[node, redis, 'up'], [redis, node, 'down']]) {
      from.on('data', (piece) => this.#carry(pair, piece, to, direction));
      from.on('end', () => this.#later(pair, direction, () => to.end()));
      from.on('error', () => this.#end(pair, 'rst'));
      from.on('close', () => { if (node.destroyed && redis.destroyed) this.#end(pair, 'fin'); });
    }
    this.#hold(pair);
  }

  #carry(pair, piece, to, direction) {
    if (direction === 'up' && pair.kind === 'commands' && SUBSCRIBES.test(piece.toString('latin1'))) {
      pair.kind = 'subscriber';
      this.#hold(pair);
    }
    const from = direction === 'up' ? pair.node : pair.redis;
    this.#later(pair, direction, () => {
      if (to.write(piece)) return;
      from.pause(); // what does not get on must be felt at the other end
      to.once('drain', () => this.#hold(pair));
    });
  }

  // Does it behind all that was to be done before in that direction.
  #later(pair, direction, act) {
    const ready = this.#delay_ms && new Promise((done) => setTimeout(done, this.#delay_ms));
    if (!ready && !pair.waiting?.[direction]) {
      if (!pair.dead) act();
      return;
    }
    pair.waiting ??= { up: 0, down: 0 };
    pair.waiting[direction]++;
    pair.last[direction] = Promise.all([pair.last[direction], ready]).then(() => {
      pair.waiting[direction]--;
      if (!pair.dead) act();
    });
  }

  #hold(pair) {
    for (const [socket, direction] of [[pair.node, 'up'], [pair.redis, 'down']]) {
      if (isOne(pair, this.#stalled[direction])) socket.pause(); else socket.resume();
    }
  }

  #end(pair, how) {
    if (pair.dead) return;
    pair.dead = true;
    this.#pairs.delete(pair);
    for (const socket of [pair.node, pair.redis]) {
      if (how === 'rst' && !socket.connecting) socket.resetAndDestroy();
      else { socket.end(); socket.destroySoon(); }
    }
  }
}

const isOne = ({ kind }, only) => only === 'all' || only === kind;
