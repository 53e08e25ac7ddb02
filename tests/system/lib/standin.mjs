// A node that does what it is told, and tells what it got.
import http from 'node:http';
import { once } from 'node:events';
import { Inbox } from './wait.mjs';

export class Standin {
  requests = new Inbox(); // all but those for its health: { line, headers, gone }
  health = 200;           // 0: it is not answered
  answer = 'hold';        // the others: held, or 'reset' once they are whole
  #server;

  static async start(t, port = 0) {
    const node = new Standin();
    node.#server = http.createServer((request, response) => node.#take(request, response));
    node.#server.listen(port, '127.0.0.1');
    t.defer(() => { node.#server.close(); node.#server.closeAllConnections(); });
    await once(node.#server, 'listening');
    node.port = node.#server.address().port;
    return node;
  }

  #take(request, response) {
    if (request.url === '/health') {
      if (this.health) response.writeHead(this.health).end();
      return;
    }
    const gone = new Promise((done) => request.socket.on('close', done));
    request.resume();
    request.on('end', () => {
      this.requests.add({ line: `${request.method} ${request.url}`, headers: request.headers, gone });
      if (this.answer === 'reset') request.socket.resetAndDestroy();
    });
  }
}
