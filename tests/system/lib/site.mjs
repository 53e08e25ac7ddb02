// A little web site with Faye's browser client, which hands everything below its mount on to the server: pages and
// server have one origin, as behind any reverse proxy.
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { createRequire } from 'node:module';
import { once } from 'node:events';

const script = createRequire(import.meta.url).resolve('faye/client/faye-browser.js');
const PAGE = '<!doctype html><meta charset=utf-8><title>chat</title><script src=/faye.js></script>';

export async function startSite(t, port) {
  const own = http.createServer((request, response) => {
    if (request.url.startsWith('/bayeux')) return forward(port, request, response);
    const isScript = request.url === '/faye.js';
    response.writeHead(200, { 'Content-Type': isScript ? 'text/javascript' : 'text/html' });
    response.end(isScript ? fs.readFileSync(script) : PAGE);
  });
  own.on('upgrade', (request, socket, head) => tunnel(port, request, socket, head));
  own.listen(0, '127.0.0.1');
  await once(own, 'listening');
  t.defer(() => { own.close(); own.closeAllConnections?.(); });
  return `http://127.0.0.1:${own.address().port}/`;
}

function forward(port, request, response) {
  const { method, url: path, headers } = request;
  const onward = http.request({ host: '127.0.0.1', port, method, path, headers, agent: false }, (answer) => {
    response.writeHead(answer.statusCode, answer.headers);
    answer.pipe(response);
  });
  onward.on('error', () => response.destroy());
  response.on('close', () => onward.destroy());
  request.pipe(onward);
}

function tunnel(port, request, socket, head) {
  const onward = net.connect(port, '127.0.0.1');
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
