// Clients of every kind through HAProxy and nginx, as contrib/ sets them up.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import http2 from 'node:http2';
import os from 'node:os';
import path from 'node:path';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { Session, freshChannel, handshake, send } from '../lib/bayeux.mjs';
import { TRANSPORTS, listen, newClient, publish, transportOf } from '../lib/client.mjs';
import { curlWith } from '../lib/curl.mjs';
import { test } from '../lib/harness.mjs';
import { Scraper } from '../lib/metrics.mjs';
import { Balancer, config, withDaemons } from '../lib/proxies.mjs';
import { Socket } from '../lib/socket.mjs';
import { Inbox, within } from '../lib/wait.mjs';

const KINDS = ['haproxy', 'nginx'];
const NODES = 1; // more are one server only when they share a Redis

async function behind(t, kind, { tls, ...options } = {}) {
  const nodes = [];
  while (nodes.length < NODES) nodes.push(await t.server(options));
  return Balancer.start(t, kind, nodes, { tls });
}

// A stream of server-sent events, in whatever pieces a proxy makes of it: an inbox of their data.
async function openEvents(t, url, clientId) {
  const asked = http.get(`${url}/${clientId}`, { agent: false, headers: { Accept: 'text/event-stream' } });
  t.defer(() => asked.destroy());
  asked.on('error', () => {}); // it ends with the test
  const [response] = await within(once(asked, 'response'), () => 'the stream to open');
  assert.equal(response.statusCode, 200);
  assert.equal(response.headers['content-type'], 'text/event-stream');
  const data = new Inbox();
  let text = '';
  response.setEncoding('utf8');
  response.on('error', () => {});
  response.on('data', (piece) => {
    const lines = (text + piece).split('\r\n');
    text = lines.pop();
    for (const [, json] of lines.map((line) => /^data: (.*)/.exec(line)).filter(Boolean)) data.add(...JSON.parse(json).map((message) => message.data));
  });
  return data;
}

for (const kind of KINDS) {
  for (const transport of TRANSPORTS) {
    test(`proxies: Faye's client by ${transport} through ${kind}`, async (t) => {
      const { url } = await behind(t, kind);
      const ann = newClient(t, url, transport), bob = newClient(t, url, transport), room = freshChannel('room');
      const heard = await listen(ann, room);
      for (let number = 0; number < 50; number++) await publish(bob, room, number);
      assert.deepEqual(await heard.has(50), [...heard.items.keys()]);
      assert.deepEqual([transportOf(ann), transportOf(bob)], [transport, transport]);
    });
  }

  test(`proxies: events come one by one through ${kind}`, async (t) => {
    const { url } = await behind(t, kind);
    const session = await Session.open(url), channel = freshChannel('events');
    await session.subscribe(channel);
    const heard = await openEvents(t, url, session.clientId);
    for (let number = 1; number <= 5; number++) {
      await send(url, [{ channel, data: number }]);
      assert.equal((await heard.has(number)).at(-1), number);
    }
  });

  test(`proxies: curl publishes through ${kind}, little and much`, async (t) => {
    const { url } = await behind(t, kind);
    const session = await Session.open(url), channel = freshChannel('curl');
    await session.subscribe(channel);
    for (const data of ['hello', 'x'.repeat(1000000)]) {
      const { json } = await curlWith(JSON.stringify({ channel, data }), '-H', 'Content-Type: application/json', '--data-binary', '@-', url);
      assert.equal(json[0].successful, true);
      assert.deepEqual((await session.poll()).messages.map((message) => message.data), [data]);
    }
  });

  test(`proxies: callback-polling and the client script through ${kind}`, async (t) => {
    const { url } = await behind(t, kind);
    const said = await fetch(`${url}?jsonp=call&message=${encodeURIComponent(JSON.stringify([handshake()]))}`);
    assert.match(await said.text(), /^\/\*\*\/call\(\[\{.*"successful":true/);
    for (const script of [`${url}.js`, `${url}/client.js`]) assert.match((await fetch(script)).headers.get('content-type'), /^text\/javascript/);
  });

  test(`proxies: a poll is held through ${kind} until its time is up`, async (t) => {
    const { url } = await behind(t, kind, { timeout: 2 });
    const session = await Session.open(url);
    const { replies } = await session.hold();
    assert.deepEqual((await replies()).map(({ channel, successful }) => [channel, successful]), [['/meta/connect', true]]);
  });

  test(`proxies: nothing but the mount is reached through ${kind}`, async (t) => {
    const { port } = await behind(t, kind, { metrics: 'on' });
    for (const path of ['/', '/health', '/metrics', '//metrics', '/x/bayeux']) assert.equal((await fetch(`http://127.0.0.1:${port}${path}`)).status, 404, path);
  });

  test(`proxies: ${kind} lets monitoring ask a node as its commented lines say`, async (t) => {
    const node = await t.server({ metrics: 'on' });
    const { port, metricsPort } = await Balancer.start(t, kind, [node], { metrics: true });
    const metrics = await new Scraper({ port: metricsPort }).scrape();
    assert.equal(metrics.get('fayed_sessions'), 0);
    for (const path of ['/', '/health', '/bayeux']) assert.equal((await fetch(`http://127.0.0.1:${metricsPort}${path}`)).status, 404, path);
    assert.equal((await fetch(`http://127.0.0.1:${port}/metrics`)).status, 404);
  });

  test(`proxies: ${kind} ends TLS as its commented lines say`, async (t) => {
    const tls = certificate(t), ca = fs.readFileSync(tls.certificate);
    const { url } = await behind(t, kind, { tls });
    const socket = await Socket.open(t, url, { ca });
    assert.equal((await socket.ask(handshake())).successful, true);

    const http2Session = http2.connect(new URL(url).origin, { ca });
    t.defer(() => http2Session.destroy());
    const post = http2Session.request({ ':method': 'POST', ':path': '/bayeux', 'content-type': 'application/json' });
    post.end(JSON.stringify([handshake()]));
    const [reply] = JSON.parse((await within(post.setEncoding('utf8').toArray(), () => 'an answer over HTTP/2')).join(''));
    assert.equal(reply.successful, true);
    assert.equal(http2Session.alpnProtocol, 'h2');
  });
}

function certificate(t) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'fayed-tls-'));
  t.defer(() => fs.rmSync(folder, { recursive: true }));
  const [certificate, key, both] = ['cert', 'key', 'both'].map((name) => path.join(folder, `${name}.pem`));
  execFileSync('openssl', ['req', '-x509', '-nodes', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-days', '2',
    '-subj', '/CN=push', '-addext', 'subjectAltName=IP:127.0.0.1', '-out', certificate, '-keyout', key], { stdio: 'pipe' });
  fs.writeFileSync(both, Buffer.concat([fs.readFileSync(certificate), fs.readFileSync(key)]));
  return { certificate, key, both };
}

// Too long to be waited for; so the rules that the files state are kept here.
const TIMEOUT_S = 45, SLACK_S = 15, FAYED_KEEPS_IDLE_S = 75;

test('proxies: haproxy waits long enough for --timeout 45, and no longer', () => {
  const text = fs.readFileSync(config.haproxy, 'utf8');
  const seconds = (name) => Number(new RegExp(`^\ttimeout ${name} (\\d+)s$`, 'm').exec(text)[1]);
  for (const side of ['client', 'server']) assert.ok(seconds(side) >= TIMEOUT_S + SLACK_S && seconds(side) <= 2 * TIMEOUT_S, side);
  assert.ok(seconds('tunnel') >= 2 * TIMEOUT_S + SLACK_S && seconds('tunnel') <= 3 * TIMEOUT_S);
  assert.ok(seconds('http-keep-alive') < FAYED_KEEPS_IDLE_S);
});

test('proxies: nginx waits long enough for --timeout 45, and no longer', () => {
  const text = fs.readFileSync(config.nginx, 'utf8');
  const seconds = (name) => Number(new RegExp(`^\t+${name} (\\d+)s;$`, 'm').exec(text)[1]);
  assert.ok(seconds('proxy_read_timeout') >= 2 * TIMEOUT_S + SLACK_S && seconds('proxy_read_timeout') <= 3 * TIMEOUT_S);
  assert.ok(seconds('keepalive_timeout') < FAYED_KEEPS_IDLE_S);
});

test('proxies: haproxy finds nothing wrong with the file as it is', () => {
  const said = execFileSync('haproxy', ['-c', '-f', config.haproxy], { env: withDaemons, stdio: 'pipe' }).toString();
  assert.equal(said, 'Configuration file is valid\n');
});
