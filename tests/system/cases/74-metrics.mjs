// What monitoring asks: read strictly, held against the list of what there is, and right when something is done.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { Session, exchange, freshChannel, handshake, post, send } from '../lib/bayeux.mjs';
import { Events } from '../lib/events.mjs';
import { test } from '../lib/harness.mjs';
import { Metrics, Scraper, documented } from '../lib/metrics.mjs';
import { Socket } from '../lib/socket.mjs';
import { Tcp, frame, rawExchange, request, upgrade } from '../lib/tcp.mjs';

const asked = (line, ...more) => request([`${line} HTTP/1.1`, 'Host: node', 'Connection: close', ...more]);
const connections = (metrics) => Object.fromEntries(['websocket', 'eventsource', 'poll'].map((kind) => [kind, metrics.get('fayed_connections', { kind })]));

// A server and its metrics at its beginning.
async function watched(t, options) {
  const server = await t.server({ metrics: 'on', ...options });
  const scraper = new Scraper(server);
  return { url: server.url, port: server.port, scraper, before: await scraper.scrape() };
}

async function listener(url, ...channels) {
  const session = await Session.open(url);
  await session.subscribe(...channels);
  return session;
}

test('metrics: GET and HEAD, byte for byte', async (t) => {
  const { port } = await t.server({ metrics: 'on', origin: 'https://example.com' });
  for (const method of ['GET', 'HEAD']) {
    for (const path of ['/metrics', '/metrics?name[]=fayed_sessions']) {
      const tcp = await Tcp.open(t, port);
      tcp.write(asked(`${method} ${path}`, 'Origin: https://other.com'));
      const [head, body] = (await tcp.end()).split('\r\n\r\n');
      assert.match(head, /^HTTP\/1\.1 200 OK\r\n/);
      assert.match(head, /^Cache-Control: no-store\r?$/m);
      assert.match(head, /^Content-Type: text\/plain; version=0\.0\.4; charset=utf-8\r?$/m);
      assert.doesNotMatch(head, /^Access-Control/mi);
      if (method === 'GET') assert.equal(Number(/^Content-Length: (\d+)/m.exec(head)[1]), new Metrics(body) && body.length);
      else assert.equal(body, '');
    }
  }
});

test('metrics: nothing else is answered so, and nothing at all unless they are switched on', async (t) => {
  const { port } = await t.server({ metrics: 'on' });
  for (const line of ['POST /metrics', 'OPTIONS /metrics', 'GET /metrics/', 'GET /Metrics', 'GET //metrics', 'GET /x/metrics', 'GET /bayeux/../metrics']) {
    assert.equal((await rawExchange(t, port, asked(line, 'Content-Length: 0'))).status, 404, line);
  }
  assert.equal((await rawExchange(t, port, upgrade(port, '/metrics'))).status, 404);
  for (const metrics of [undefined, 'off']) {
    const off = await t.server(metrics && { metrics });
    const unknown = await Tcp.open(t, off.port), none = await Tcp.open(t, off.port);
    unknown.write(asked('GET /unknown'));
    none.write(asked('GET /metrics'));
    const dateless = async (tcp) => (await tcp.end()).replace(/^Date: .*$/m, '');
    assert.equal(await dateless(none), await dateless(unknown));
    assert.match(none.text, /^HTTP\/1\.1 404 [^]*\r\n\r\nNot found$/);
  }
});

test('metrics: a mount wins', async (t) => {
  for (const mount of ['/metrics', '/']) {
    const { port } = await t.server({ metrics: 'on', mount });
    assert.equal((await send(`http://127.0.0.1:${port}/metrics`, [handshake()]))[0].successful, true);
    assert.equal((await rawExchange(t, port, asked('GET /metrics'))).status, 400, mount); // callback-polling without messages
  }
});

test('metrics: asked again on a kept connection, between a client\'s requests', async (t) => {
  const { port } = await t.server({ metrics: 'on' });
  const tcp = await Tcp.open(t, port), body = JSON.stringify([handshake()]);
  const get = asked('GET /metrics').toString().replace('Connection: close\r\n', '');
  tcp.write(get);
  await tcp.until(/\nfayed_http_requests_total 1\n/);
  tcp.write(request(['POST /bayeux HTTP/1.1', 'Host: node', 'Content-Type: application/json', `Content-Length: ${body.length}`], body));
  await tcp.until(/"successful":true/);
  tcp.write(get);
  await tcp.until(/\nfayed_http_requests_total 3\n/);
  assert.match(tcp.text, /\nfayed_sessions 1\n/);
});

test('metrics: those of a server alone are those in docs/metrics.md', async (t) => {
  const { before } = await watched(t);
  assert.deepEqual(before.signatures.sort(), documented().alone.sort());
});

test('metrics: the reader finds what is wrong', () => {
  const head = '# HELP a_total x\n# TYPE a_total counter\n';
  for (const bad of ['', `${head}a_total 1`, 'a_total 1\n', `${head}a_total 1\na_total 2\n`, `${head}a_total -1\n`, `${head}a_total x\n`, `${head}a_total{b="c} 1\n`,
    `${head}a_total{b="c",b="d"} 1\n`, `${head}b 1\n`, `${head}a_total  1\n`, '# TYPE a_total counter\na_total 1\n', `${head}\n`, `${head}${head}`,
    '# HELP a_total x\n# TYPE a_total gauge\na_total 1\n', '# HELP a x\n# TYPE a counter\na 1\n', `${head}# a remark\n`]) {
    assert.throws(() => new Metrics(bad), assert.AssertionError, bad);
  }
  const good = new Metrics(`${head}a_total{b="c\\"d",e=""} 1.5e+3\n`);
  assert.equal(good.get('a_total', { e: '', b: 'c\\"d' }), 1500);
  assert.deepEqual(good.signatures, ['a_total{b,e} counter']);
});

test('metrics: the process', async (t) => {
  const { before } = await watched(t);
  const version = execFileSync(t.command[0], [...t.command.slice(1), '--version']).toString().trim().split(' ').at(-1);
  assert.equal(before.get('fayed_build_info', { version }), 1);
  const age_s = Date.now() / 1000 - before.get('process_start_time_seconds');
  assert.ok(age_s > 0 && age_s < 90, `started ${age_s} s ago`);
  assert.ok(before.get('process_cpu_seconds_total') > 0);
  assert.equal(before.get('fayed_connections', { kind: 'other' }), 1); // that which asks
});

test('metrics: sessions, subscriptions, messages', async (t) => {
  const { url, scraper, before } = await watched(t);
  const room = freshChannel('room');
  await listener(url, room);
  const bob = await listener(url, `${room}/**`, `${room}/*`, room), carol = await Session.open(url);
  for (const data of [1, 2, 3]) await carol.publish(room, data);
  const after = await scraper.scrape();
  assert.equal(after.get('fayed_sessions'), 3);
  assert.equal(after.get('fayed_subscriptions'), 4);
  assert.equal(after.get('fayed_topics'), 3);
  assert.equal(after.since(before, 'fayed_messages_published_total'), 3);
  assert.equal(after.since(before, 'fayed_messages_delivered_total'), 6);

  await carol.publish(`${room}/x`, 4); // by two patterns of one session
  const again = carol.message(room, { data: 5 });
  for (const repeat of [false, true]) assert.equal((await send(url, [again]))[0].successful, true, `repeated: ${repeat}`);
  await bob.ask('/meta/unsubscribe', { subscription: room });
  const repeated = await scraper.scrape();
  assert.equal(repeated.since(after, 'fayed_messages_published_total'), 2);
  assert.equal(repeated.since(after, 'fayed_messages_delivered_total'), 1 + 2);
  assert.equal(repeated.since(before, 'fayed_requests_repeated_total'), 1);
  assert.equal(repeated.get('fayed_subscriptions'), 3);

  for (const session of [bob, carol]) await session.ask('/meta/disconnect');
  const left = await scraper.scrape();
  assert.deepEqual(['sessions', 'subscriptions', 'topics'].map((what) => left.get(`fayed_${what}`)), [1, 1, 1]);
});

test('metrics: connections by their kinds', async (t) => {
  const { url, port, scraper, before } = await watched(t, { timeout: 60 });
  assert.deepEqual(connections(before), { websocket: 0, eventsource: 0, poll: 0 });
  const sockets = [await Socket.open(t, url), await Socket.open(t, url)];
  const events = await Events.open(t, port, (await Session.open(url)).clientId);
  assert.equal(events.status, 200);
  const { hangUp, answer } = await (await Session.open(url)).hold();
  const open = await scraper.scrape();
  assert.deepEqual(connections(open), { websocket: 2, eventsource: 1, poll: 1 });
  assert.ok(open.get('fayed_connections', { kind: 'other' }) >= 1);
  assert.equal(open.get('fayed_streams_opened_total', { kind: 'websocket' }), 2);
  assert.equal(open.get('fayed_streams_opened_total', { kind: 'eventsource' }), 1);
  assert.ok(open.since(before, 'fayed_http_requests_total') >= 3);

  for (const socket of sockets) socket.ws.close();
  events.tcp.socket.destroy();
  hangUp();
  await assert.rejects(answer);
  await scraper.until((now) => Object.values(connections(now)).every((count) => count === 0), 'all kinds to be gone');
});

test('metrics: an event source and a WebSocket on connections that were kept', async (t) => {
  const { url, port, scraper } = await watched(t);
  const kept = async () => {
    const tcp = await Tcp.open(t, port);
    tcp.write(request(['GET /health HTTP/1.1', 'Host: node']));
    await tcp.until(/\r\n\r\nok$/);
    return tcp;
  };
  const events = await Events.open(t, port, (await Session.open(url)).clientId, { tcp: await kept() });
  const socket = await kept();
  socket.write(upgrade(port));
  await socket.until(/101 Switching/);
  assert.deepEqual(connections(await scraper.scrape()), { websocket: 1, eventsource: 1, poll: 0 });
  socket.socket.destroy();
  events.tcp.socket.destroy();
  await scraper.until((now) => Object.values(connections(now)).every((count) => count === 0), 'all kinds to be gone');
});

test('metrics: who was refused', async (t) => {
  const { url, port, scraper, before } = await watched(t, { origin: 'https://example.com', 'limit-sessions': 2 });
  assert.equal((await rawExchange(t, port, request(['GET / HTTP/1.1', 'Host: a', 'Host: b']))).status, 400);
  const foreign = { Origin: 'https://other.com' };
  assert.equal((await exchange(url, [handshake()], { headers: foreign })).status, 403);
  for (let number = 0; number < 2; number++) await Session.open(url);
  assert.equal((await send(url, [handshake()]))[0].successful, false);
  const after = await scraper.scrape();
  assert.equal(after.since(before, 'fayed_connections_refused_total'), 1);
  assert.equal(after.since(before, 'fayed_origins_refused_total'), 1);
  assert.equal(after.since(before, 'fayed_sessions_refused_total'), 1);
});

test('metrics: connections that were turned away', async (t) => {
  const { port } = await t.server({ metrics: 'on', 'limit-connections': 1 });
  const tcp = await Tcp.open(t, port), get = asked('GET /metrics').toString().replace('Connection: close\r\n', '');
  tcp.write(get);
  await tcp.until(/\nfayed_connections_full_total 0\n/);
  assert.match(tcp.text, /\nfayed_connections_limit 1\n/);
  assert.equal((await rawExchange(t, port, asked('GET /health'))).status, 503);
  tcp.write(get);
  await tcp.until(/\nfayed_connections_full_total 1\n/);
});

for (const [policy, name, count] of [['drop-session', 'fayed_sessions_overflowed_total', 1], ['drop-oldest', 'fayed_messages_dropped_total', 3]]) {
  test(`metrics: a queue that is full, ${policy}`, async (t) => {
    const { url, scraper, before } = await watched(t, { 'limit-queue-messages': 2, 'limit-overflow': policy });
    const channel = freshChannel('full');
    await listener(url, channel);
    for (let number = 0; number < 5; number++) await send(url, [{ channel, data: number }]);
    assert.equal((await scraper.scrape()).since(before, name), count);
  });
}

test('metrics: sessions that were silent for too long', async (t) => {
  const { url, scraper, before } = await watched(t, { timeout: 1 });
  for (let number = 0; number < 3; number++) await Session.open(url);
  const after = await scraper.until((now) => now.get('fayed_sessions') === 0, 'sessions to expire');
  assert.equal(after.since(before, 'fayed_sessions_expired_total'), 3);
});

test('metrics: a WebSocket that takes nothing', async (t) => {
  const { url, port, scraper } = await watched(t, { 'limit-unsent-bytes': '64k', 'limit-queue-bytes': '64M' });
  const session = await Session.open(url), channel = freshChannel('slow');
  await session.subscribe(channel);
  const tcp = await Tcp.open(t, port);
  tcp.write(Buffer.concat([upgrade(port), frame(JSON.stringify([session.connectMessage({ connectionType: 'websocket', advice: { timeout: 0 } })]))]));
  await tcp.until(/"successful":true/);
  tcp.socket.pause();
  const message = { channel, data: 'x'.repeat(500000) };
  const overflowed = (now) => now.get('fayed_streams_overflowed_total', { kind: 'websocket' });
  while (!overflowed(await scraper.scrape())) await send(url, [message]);
  assert.equal(overflowed(scraper.last), 1);
});

test('metrics: asked all the time while others come, talk and go', async (t) => {
  const { url, scraper, before } = await watched(t);
  const channel = freshChannel('busy');
  let going = true, rounds = 0;
  const crowd = [1, 2, 3].map(async () => {
    for (let round = 0; round < 20; round++) {
      const session = await listener(url, channel), socket = await Socket.open(t, url);
      await socket.connect(session);
      const held = post(url, [(await Session.open(url)).connectMessage()]);
      held.answer.catch(() => {});
      await session.publish(channel, round);
      await socket.delivered(1);
      held.hangUp();
      socket.ws.terminate();
      await session.ask('/meta/disconnect');
      rounds++;
    }
  });
  const asking = (async () => { while (going) await scraper.scrape(); })();
  await Promise.all(crowd).finally(() => { going = false; });
  await asking;
  assert.equal((await scraper.scrape()).since(before, 'fayed_messages_published_total'), rounds);
});
