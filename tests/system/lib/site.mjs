// A little web site with the browser clients of Faye and CometD as their packages have them. It hands everything below
// its mount on to the server: pages and server have one origin, as behind any reverse proxy. What passes is noted.
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { createRequire } from 'node:module';
import { once } from 'node:events';
import { pipeline } from 'node:stream';

const find = createRequire(import.meta.url).resolve;
const faye = find('faye/client/faye-browser.js');
const cometd = path.dirname(find('cometd'));

const page = (scripts) => `<!doctype html><meta charset=utf-8><title>chat</title>${scripts}`;
const PAGES = {
  '/': page('<script src=/faye.js></script>'),
  '/cometd': page('<script type=module>import * as CometD from "/cometd/cometd.js"; window.CometD = CometD</script>'),
};

export class Site {
  exchanges = []; // { method, url, headers }, and once there is an answer, `answered`: its headers
  cookie = null;  // as a header; if there is one, answers of the server get it on their way
  #port;
  #own;

  // A site before the server at `port`.
  static async start(t, port) {
    const site = new Site();
    site.#port = port;
    site.#own = http.createServer((request, response) => {
      if (request.url.startsWith('/bayeux')) site.#forward(request, response);
      else serve(request.url, response);
    });
    site.#own.on('upgrade', (request, socket, head) => site.#tunnel(request, socket, head));
    site.#own.listen(0, '127.0.0.1');
    await once(site.#own, 'listening');
    t.defer(() => { site.#own.close(); site.#own.closeAllConnections?.(); });
    return site;
  }

  url(path, host = '127.0.0.1') { return `http://${host}:${this.#own.address().port}${path}`; }

  #forward(request, response) {
    const { method, url, headers } = request;
    const exchange = { method, url, headers };
    this.exchanges.push(exchange);
    const onward = http.request({ host: '127.0.0.1', port: this.#port, method, path: url, headers, agent: false }, (answer) => {
      exchange.answered = this.cookie ? { ...answer.headers, 'set-cookie': this.cookie } : answer.headers;
      response.writeHead(answer.statusCode, exchange.answered);
      response.flushHeaders();
      pipeline(answer, response, () => {}); // where one end breaks, so does the other
    });
    onward.on('error', () => response.destroy());
    response.on('close', () => onward.destroy());
    request.pipe(onward);
  }

  #tunnel(request, socket, head) {
    const onward = net.connect(this.#port, '127.0.0.1');
    const lines = [];
    for (let at = 0; at < request.rawHeaders.length; at += 2) lines.push(`${request.rawHeaders[at]}: ${request.rawHeaders[at + 1]}`);
    onward.write(`${request.method} ${request.url} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
    onward.write(head);
    socket.pipe(onward).pipe(socket);
    for (const [one, other] of [[socket, onward], [onward, socket]]) {
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
    }
  }
}

function serve(url, response) {
  const script = url === '/faye.js' ? faye : url.startsWith('/cometd/') && path.join(cometd, path.basename(url));
  const there = script ? fs.existsSync(script) : PAGES[url];
  response.writeHead(there ? 200 : 204, { 'Content-Type': script ? 'text/javascript' : 'text/html' });
  response.end(there && (script ? fs.readFileSync(script) : PAGES[url]));
}
