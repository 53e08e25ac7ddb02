// A wire between client and server that breaks on command: a TCP proxy which cuts connections, and can lose or tear
// what was on its way before it does.
import net from 'node:net';

export class Proxy {
  #port;
  #pairs = new Set();
  #armed = null;
  #stranded = [];

  static async start(t, port) {
    const proxy = new Proxy();
    proxy.#port = port;
    const server = net.createServer({ noDelay: true }, (client) => proxy.#accept(client));
    t.defer(() => new Promise((done) => {
      server.close(done);
      proxy.cutAll();
      for (const socket of proxy.#stranded) socket.destroy();
    }));
    await new Promise((done) => server.listen(0, '127.0.0.1', done));
    proxy.url = `http://127.0.0.1:${server.address().port}/bayeux`;
    return proxy;
  }

  // Every connection ends now; `how` is 'rst' or 'fin'. Resolves when nothing that is still sent to us can arrive.
  cutAll(how = 'rst') {
    const pairs = [...this.#pairs];
    for (const pair of pairs) this.#cut(pair, how);
    return Promise.all(pairs.flatMap(({ down, up }) => [down, up]).map((socket) => socket.closed || new Promise((done) => { socket.once('close', done); })));
  }

  // Loses the next `count` pieces that contain `pattern` (text, or a function of the bytes) on their way 'down' to the
  // client or 'up' to the server, and whatever else that connection carries; then cuts it. `keep` is how many bytes of
  // the last piece still arrive. 'strand' cuts the client's end only: the server goes on in the belief that all is
  // well. Resolves when done.
  lose({ pattern, direction = 'down', count = 1, keep = 0, how = 'rst' }) {
    return new Promise((done) => { this.#armed = { pattern, direction, count, keep, how, pair: null, done }; });
  }

  #accept(client) {
    const pair = { down: client, up: net.connect({ port: this.#port, host: '127.0.0.1', noDelay: true }), dead: false };
    this.#pairs.add(pair);
    for (const [from, to, direction] of [[pair.down, pair.up, 'up'], [pair.up, pair.down, 'down']]) {
      from.on('data', (chunk) => this.#carry(pair, chunk, to, direction));
      from.on('end', () => { if (!pair.dead) to.end(); });
      from.on('error', () => {});
      from.on('close', () => { if (!pair.dead) this.#cut(pair, 'fin'); });
    }
  }

  #carry(pair, chunk, to, direction) {
    if (pair.dead) return;
    const armed = this.#armed?.direction === direction ? this.#armed : null;
    const found = armed && (typeof armed.pattern === 'function' ? armed.pattern(chunk) : chunk.includes(armed.pattern));
    if (armed && !armed.pair && found) armed.pair = pair; // from here on all is lost that this connection carries
    if (!armed || armed.pair !== pair) {
      to.write(chunk);
      return;
    }
    if (!found) return;
    if (--armed.count > 0) return;
    this.#armed = null;
    if (armed.keep > 0) to.write(chunk.subarray(0, armed.keep), () => this.#cut(pair, armed.how));
    else this.#cut(pair, armed.how);
    armed.done();
  }

  #cut(pair, how) {
    if (pair.dead) return;
    pair.dead = true;
    this.#pairs.delete(pair);
    if (this.#armed?.pair === pair) this.#armed.pair = null;
    if (how === 'strand') {
      this.#stranded.push(pair.up);
      pair.down.resetAndDestroy();
      return;
    }
    for (const socket of [pair.down, pair.up]) {
      if (how === 'rst' && !socket.connecting) socket.resetAndDestroy();
      else { socket.end(); socket.destroySoon(); }
    }
  }
}
