// Heads that come in pieces, late or never, and connections that change their mind.
import assert from 'node:assert/strict';
import http from 'node:http';
import { Session, freshChannel, handshake, post } from '../lib/bayeux.mjs';
import { test } from '../lib/harness.mjs';
import { Tcp, frame, request, upgrade } from '../lib/tcp.mjs';
import { sleep } from '../lib/wait.mjs';

const greeting = JSON.stringify([handshake()]);
const publication = JSON.stringify([{ channel: '/slow/x', data: 1, id: 'p' }]);
const posting = (port, body) => request([
  'POST /bayeux HTTP/1.1', `Host: 127.0.0.1:${port}`, 'Content-Type: application/json', `Content-Length: ${body.length}`,
], body);

test('slow: an upgrade head in two packets works', { faye: true }, async (t) => {
  const { port } = await t.server();
  const head = upgrade(port);
  // Everywhere it could be torn: in the method, in the path, in names and values, within the last line end.
  for (const at of [1, 3, 4, 9, 30, 60, head.length - 30, head.length - 4, head.length - 3, head.length - 2, head.length - 1]) {
    const tcp = await Tcp.open(t, port);
    await tcp.write(head.subarray(0, at));
    await Session.open(`http://127.0.0.1:${port}/bayeux`); // the server has turned since
    tcp.write(Buffer.concat([head.subarray(at), frame(publication)]));
    assert.match(await tcp.until(/"successful":true/), /^HTTP\/1\.1 101 /);
    tcp.socket.destroy();
  }
});

test('slow: an upgrade byte by byte works', { faye: true }, async (t) => {
  const { port } = await t.server();
  const tcp = await Tcp.open(t, port);
  for (const byte of Buffer.concat([upgrade(port), frame(publication)])) {
    await tcp.write(Buffer.from([byte]));
    await new Promise(setImmediate); // a packet each
  }
  await tcp.until(/"successful":true/);
});

test('slow: frames sent along with the upgrade are heard', { faye: true }, async (t) => {
  const { port } = await t.server();
  const tcp = await Tcp.open(t, port);
  tcp.write(Buffer.concat([upgrade(port), frame(greeting), frame(publication), frame('[]').subarray(0, 3)]));
  const text = await tcp.until(/"id":"p"/);
  assert.match(text, /"id":"h"/);
  tcp.write(frame('[]').subarray(3));
  await tcp.until(/\[\]$/);
});

test('slow: a POST in pieces works', { faye: true }, async (t) => {
  const { port } = await t.server();
  const bytes = posting(port, publication);
  for (const at of [1, 5, 20, bytes.length - publication.length - 2, bytes.length - publication.length, bytes.length - 1]) {
    const tcp = await Tcp.open(t, port);
    await tcp.write(bytes.subarray(0, at));
    await Session.open(`http://127.0.0.1:${port}/bayeux`);
    tcp.write(bytes.subarray(at));
    await tcp.until(/"successful":true/);
    tcp.socket.destroy();
  }
});

test('slow: a connection that first posts and then upgrades', { faye: true }, async (t) => {
  const { port } = await t.server();
  const tcp = await Tcp.open(t, port);
  tcp.write(posting(port, publication));
  await tcp.until(/"successful":true/);
  tcp.write(Buffer.concat([upgrade(port), frame(greeting)]));
  const text = await tcp.until(/ 101 [^]*"id":"h"/);
  assert.match(text, /Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=/i);
});

test('slow: two requests in one packet, the second an upgrade', { faye: true }, async (t) => {
  const { port } = await t.server();
  const tcp = await Tcp.open(t, port);
  tcp.write(Buffer.concat([posting(port, publication), upgrade(port)]));
  assert.match(await tcp.until(/ 101 /), /"successful":true[^]* 101 /);
});

test('slow: pipelined polls are answered in order', { faye: true }, async (t) => {
  const { port, url } = await t.server();
  const session = await Session.open(url), channel = freshChannel('pipe');
  await session.subscribe(channel);
  const connect = JSON.stringify([session.connectMessage({ id: 'held' })]);
  const tcp = await Tcp.open(t, port);
  tcp.write(Buffer.concat([posting(port, connect), posting(port, publication)]));
  await session.publish(channel, 'wake');
  assert.match(await tcp.until(/"id":"p"/), /"id":"held"[^]*"wake"[^]*"id":"p"/);
});

test('slow: one kept-alive connection serves many requests', { faye: true }, async (t) => {
  const { url } = await t.server();
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  t.defer(() => agent.destroy());
  for (let count = 0; count < 50; count++) assert.equal((await post(url, publication, { agent }).answer).status, 200);
  assert.equal(Object.values(agent.freeSockets).flat().length, 1);
});

test('slow: a head that trickles in is cut off', async (t) => {
  const { port } = await t.server({ 'limit-head': 2 });
  for (const bytes of [upgrade(port), posting(port, publication)]) {
    const tcp = await Tcp.open(t, port);
    let over = false;
    tcp.closed.then(() => { over = true; });
    // So slowly that it would take far longer than the limit.
    const trickle = (async () => {
      for (let at = 0; !over; at++) {
        await tcp.write(bytes.subarray(at, at + 1));
        await sleep(100);
      }
    })();
    await tcp.end();
    await trickle;
  }
});

test('slow: who connects and says nothing is sent away', async (t) => {
  const { port } = await t.server({ 'limit-head': 2 });
  const silent = await Promise.all(Array.from({ length: 20 }, () => Tcp.open(t, port)));
  await Promise.all(silent.map((tcp) => tcp.end()));
});

test('slow: a kept-alive connection is not cut while its poll is held', async (t) => {
  const { port, url } = await t.server({ 'limit-head': 1, timeout: 3 });
  const session = await Session.open(url);
  const tcp = await Tcp.open(t, port);
  tcp.write(posting(port, JSON.stringify([session.connectMessage({ id: 'held' })])));
  assert.match(await tcp.until(/"id":"held"/), /"successful":true/);
});

test('slow: many come and go at every stage, and the server is as before', { faye: true }, async (t) => {
  const { port, url } = await t.server();
  const bytes = Buffer.concat([upgrade(port), frame(greeting), frame(publication)]);
  for (let at = 0; at <= bytes.length; at += 3) {
    const tcp = await Tcp.open(t, port);
    await tcp.write(bytes.subarray(0, at));
    if (at % 2) tcp.socket.resetAndDestroy(); else tcp.socket.destroy();
  }
  await Session.open(url);
});
