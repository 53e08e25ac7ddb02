// Faye with faye-redis, in one process; several share one Redis.
// usage: node faye-redis.js REDIS_PORT [TIMEOUT_SECONDS]
'use strict';

const http = require('http');
const faye = require('faye');
const redis = require('faye-redis');

const [redisPort, timeout] = process.argv.slice(2).map(Number);
const server = http.createServer();

new faye.NodeAdapter({
  mount: '/bayeux',
  timeout: timeout || 45,
  engine: { type: redis, host: '127.0.0.1', port: redisPort },
}).attach(server);
server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => {
  const url = `http://127.0.0.1:${server.address().port}/bayeux`;
  console.error(`faye ${faye.VERSION} with faye-redis ready on ${url}`);
});
