// Servers that share a Redis: fresh ones for each run, their Redis too.
'use strict';

const fs = require('fs');
const http = require('http');
const os = require('os');
const path = require('path');
const { workers } = require('./contestants.js');
const { freePort, installed, peer, peerModule, runLoad, runTool, startServer } = require('./processes.js');

const LUA = path.join(__dirname, '..', '..', 'src', 'redis', 'lua');
const JOIN_MS = 30000, TIMEOUT_S = 45;

async function startRedis() {
  const port = await freePort(), dir = fs.mkdtempSync(path.join(os.tmpdir(), 'fayed-bench-'));
  const server = await startServer('redis-server', ['--port', String(port), '--bind', '127.0.0.1',
    '--save', '', '--appendonly', 'no', '--dir', dir], { says: /Redis version=(\S+?),[\s\S]*eady to accept connections/ });
  return {
    port,
    pid: server.pid,
    version: server.banner,
    async stop() {
      await server.stop();
      fs.rmSync(dir, { recursive: true });
    },
  };
}

function health(url) {
  return new Promise((resolve) => {
    http.get(new URL('/health', url), { agent: false }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode));
    }).on('error', () => resolve(0));
  });
}

// A node is well once it has joined the others.
async function joined(node) {
  for (const end = Date.now() + JOIN_MS; await health(node.url) !== 200;) {
    if (node.gone() || Date.now() > end) throw new Error(`a node did not join: ${node.gone() || ''} ${node.log()}`);
    await new Promise((resolve) => { setTimeout(resolve, 10); });
  }
}

async function startFayed(fayed, redis) {
  const args = ['--listen', '127.0.0.1:0', '--timeout', String(TIMEOUT_S), ...workers(fayed, 1)];
  const node = await startServer(fayed, redis ? [...args, '--redis', `redis://127.0.0.1:${redis.port}/0`] : args);
  if (redis) await joined(node);
  return node;
}

function startFaye(redis) {
  return startServer(process.execPath, [peer('faye-redis.js'), String(redis.port), String(TIMEOUT_S)]);
}

// `count` servers; `start` is given their Redis, null without one.
async function startCluster(count, start, withRedis = true) {
  const redis = withRedis ? await startRedis() : null, nodes = [];
  for (let i = 0; i < count; i++) nodes.push(await start(redis));
  return {
    banner: nodes[0].banner,
    redis: redis && redis.version,
    load: (args, kill) => runLoad([...args, '--url', nodes.map((node) => node.url).join(','),
      '--server-pid', nodes.map((node) => node.pid).join(','),
      ...(redis ? ['--redis', `127.0.0.1:${redis.port}`] : []),
      ...(kill ? ['--kill', String(nodes[nodes.length - 1].pid)] : [])]),
    // How they ended; one that was to be killed is left out.
    async stop(killed) {
      const rest = killed ? nodes.slice(0, -1) : nodes;
      const ends = await Promise.all(rest.map((node) => node.stop()));
      if (redis) await redis.stop();
      return ends.map((end) => end.status);
    },
  };
}

// No server at all: what Redis alone can take.
async function startFloor(args) {
  const redis = await startRedis();
  return {
    banner: null,
    redis: redis.version,
    load: (given) => runTool('floor-redis', ['--port', String(redis.port), ...args, ...given]),
    async stop() {
      await redis.stop();
      return [];
    },
  };
}

// What can be measured, with one worker each: `fayed` and `faye` in twos, `alone` without Redis.
function contestants(fayed) {
  const script = ['--common', path.join(LUA, 'common.lua'), '--publish', path.join(LUA, 'publish.lua')];
  return {
    fayed: { start: (count) => startCluster(count, (redis) => startFayed(fayed, redis)), clean: true },
    faye: { start: (count) => startCluster(count, startFaye) },
    alone: { start: () => startCluster(1, () => startFayed(fayed, null), false), clean: true },
    script: { start: () => startFloor(script) },
    publish: { start: () => startFloor([]) },
  };
}

function hasRedis() {
  return installed('redis-server');
}

function hasFayeRedis() {
  return Boolean(peerModule('faye-redis') && peerModule('faye'));
}

module.exports = { contestants, hasFayeRedis, hasRedis, joined, startRedis };
