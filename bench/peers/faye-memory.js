// Faye with its in-memory engine, in one process.
// usage: node faye-memory.js [PORT [TIMEOUT_SECONDS]]
'use strict';

const http = require('http');
const faye = require('faye');

const [port, timeout] = process.argv.slice(2).map(Number);
const server = http.createServer();

new faye.NodeAdapter({ mount: '/bayeux', timeout: timeout || 45 }).attach(server);
server.listen({ port: port || 0, host: '127.0.0.1', backlog: 4096 }, () => {
  const url = `http://127.0.0.1:${server.address().port}/bayeux`;
  console.error(`faye ${faye.VERSION} ready on ${url}`);
});
