#!/usr/bin/env node
// Starts the real Faye server from npm the way fayed is started: as the reference that cases are recorded
// from, and to prove a test before it judges fayed. `faye` is looked for from the working folder.
//   node start-faye.mjs [--listen 127.0.0.1:8000] [--mount /bayeux] [--timeout 5] [--ping 2] [--events]
import http from 'node:http';
import path from 'node:path';
import { createRequire } from 'node:module';
import { parseArgs } from 'node:util';

const faye = createRequire(path.resolve('package.json'))('faye');

const { values: opt } = parseArgs({
  options: {
    listen: { type: 'string', default: '127.0.0.1:8000' },
    mount: { type: 'string', default: '/bayeux' },
    timeout: { type: 'string', default: '5' },
    ping: { type: 'string', default: '2' },
    events: { type: 'boolean', default: false },
  },
});
const [host, port] = opt.listen.split(':');

// Faye prints a stack trace for every bad WebSocket frame; keep the log short.
console.log = () => {};

const adapter = new faye.NodeAdapter({ mount: opt.mount, timeout: Number(opt.timeout), ping: Number(opt.ping) });
if (opt.events) {
  for (const name of ['handshake', 'subscribe', 'unsubscribe', 'publish', 'disconnect', 'connection:open', 'connection:close']) {
    adapter.on(name, (...args) => process.stdout.write(`${name} ${JSON.stringify(args)}\n`));
  }
}

// Requests outside the mount fall through to this handler, as in any application that embeds Faye.
const server = http.createServer((request, response) => {
  response.writeHead(404, { 'Content-Type': 'text/plain' });
  response.end('Not found');
});
adapter.attach(server);
server.listen(Number(port), host, () => {
  process.stderr.write(`faye ${faye.VERSION} ready on http://${host}:${server.address().port}${opt.mount}\n`);
});
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => process.exit(0));
