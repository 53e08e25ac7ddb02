// A front that sends each HTTP request and each WebSocket to a node of its own choice, whatever connection it came on.
// It behaves as HAProxy does: a node that does not take the connection is passed over, one that hangs up costs a 502,
// and when a client goes its request goes too.
import http from 'node:http';
import net from 'node:net';

const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'transfer-encoding']);

// Ways to choose. Each gets the nodes and gives an order in which they are tried.
const inTurn = (start, nodes) => nodes.map((_, index) => nodes[(start + index) % nodes.length]);
export const CHOICES = {
  random: () => (nodes) => inTurn(Math.floor(Math.random() * nodes.length), nodes),
  next: () => {
    let count = 0;
    return (nodes) => inTurn(count++, nodes);
  },
};

export class Front {
  requests = 0;
  avoided = new Set(); // nodes that health checks have found ill: what comes now goes to others
  #nodes;
  #choose;
  #server;
  #sockets = new Set();
  #agents = new Map(); // a node's kept-alive connections

  // `nodes` have a port and may die and come back.
  static async start(t, nodes, how = 'random') {
    const front = new Front();
    front.#nodes = nodes;
    front.#choose = CHOICES[how]();
    front.#server = http.createServer({ noDelay: true, keepAlive: true, requestTimeout: 0 });
    front.#server.on('request', (request, response) => front.#take(request, response));
    front.#server.on('upgrade', (request, socket, head) => front.#upgrade(request, socket, head));
    front.#server.on('connection', (socket) => front.#keep(socket));
    t.defer(() => front.#stop());
    await new Promise((done) => front.#server.listen(0, '127.0.0.1', done));
    front.port = front.#server.address().port;
    front.url = `http://127.0.0.1:${front.port}/bayeux`;
    return front;
  }

  // Clients' connections end, as when the front itself is started anew.
  cutAll() { for (const socket of this.#sockets) socket.destroy(); }

  #stop() {
    const closed = new Promise((done) => this.#server.close(done));
    this.cutAll();
    for (const agent of this.#agents.values()) agent.destroy();
    return closed;
  }

  #keep(socket) {
    this.#sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => this.#sockets.delete(socket));
  }

  #order() { return this.#choose(this.#nodes.filter((node) => !this.avoided.has(node))); }

  #agentOf(node) {
    if (!this.#agents.has(node)) this.#agents.set(node, new http.Agent({ keepAlive: true, noDelay: true, maxFreeSockets: 256 }));
    return this.#agents.get(node);
  }

  async #take(request, response) {
    this.requests++;
    const chunks = [];
    request.on('error', () => {});
    try { for await (const chunk of request) chunks.push(chunk); } catch { return; } // the client has gone
    this.#pass(request, Buffer.concat(chunks), response, this.#order());
  }

  #pass(request, body, response, [node, ...others]) {
    if (response.destroyed) return;
    const to = { host: '127.0.0.1', port: node.port, agent: this.#agentOf(node) };
    const on = http.request({ ...to, method: request.method, path: request.url, headers: kept(request.headers) });
    const giveUp = () => on.destroy();
    response.on('close', giveUp);
    on.on('response', (answer) => {
      response.writeHead(answer.statusCode, kept(answer.headers));
      answer.on('error', () => response.destroy());
      answer.pipe(response);
    });
    on.on('error', (fault) => {
      response.off('close', giveUp);
      if (response.headersSent || response.destroyed) response.destroy();
      else if (fault.syscall === 'connect' && others.length) this.#pass(request, body, response, others);
      else response.writeHead(502, { 'Content-Type': 'text/plain' }).end('no answer from the node');
    });
    on.end(body);
  }

  #upgrade(request, client, head) {
    this.requests++;
    const lines = [`${request.method} ${request.url} HTTP/1.1`];
    for (let at = 0; at < request.rawHeaders.length; at += 2) lines.push(`${request.rawHeaders[at]}: ${request.rawHeaders[at + 1]}`);
    const opening = Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]);
    this.#open(client, opening, this.#order());
  }

  #open(client, opening, [node, ...others]) {
    const socket = net.connect({ host: '127.0.0.1', port: node.port, noDelay: true });
    this.#keep(socket);
    client.setNoDelay(true);
    let isOpen = false;
    socket.on('connect', () => {
      isOpen = true;
      socket.write(opening);
      client.pipe(socket).pipe(client);
    });
    client.on('close', () => socket.destroy());
    socket.on('close', () => {
      if (isOpen || !others.length || client.destroyed) client.destroy();
      else this.#open(client, opening, others);
    });
  }
}

const kept = (headers) => Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_BY_HOP.has(name)));
