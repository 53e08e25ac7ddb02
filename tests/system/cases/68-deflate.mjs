// permessage-deflate (RFC 7692): agreed on or not, both ways, in pieces, beside sockets without it, over cut wires.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { createRequire } from 'node:module';
import { Session, freshChannel, handshake, send } from '../lib/bayeux.mjs';
import { Chromium } from '../lib/chromium.mjs';
import { listen, newClient, publish } from '../lib/client.mjs';
import { frame, inflated, openDeflating, text } from '../lib/deflate.mjs';
import { test } from '../lib/harness.mjs';
import { Proxy } from '../lib/proxy.mjs';
import { Site } from '../lib/site.mjs';
import { Socket } from '../lib/socket.mjs';
import { within } from '../lib/wait.mjs';

const fayesExtension = createRequire(import.meta.url)('permessage-deflate');

const ACCEPTED = 'permessage-deflate; server_no_context_takeover; client_no_context_takeover';
const range = (count) => Array.from({ length: count }, (_, index) => index);
const data = (messages) => messages.map((message) => message.data);

// A socket that offers; `perMessageDeflate` as ws has it.
const open = (t, url, perMessageDeflate = {}, options = {}) =>
  Socket.open(t, url, { perMessageDeflate: perMessageDeflate && { threshold: 0, ...perMessageDeflate }, ...options });

// The same with a session that hears `channel`.
async function hearer(t, url, channel, perMessageDeflate, options) {
  const session = await Session.open(url);
  await session.subscribe(channel);
  const socket = await open(t, url, perMessageDeflate, options);
  await socket.connect(session);
  return { session, socket };
}

const bytesRead = ({ ws }) => ws._socket.bytesRead;

// ---- agreeing ----

// The answer's Sec-WebSocket-Extensions.
async function answerTo(url, offer, agent = false) {
  const asked = http.request(url, { agent, headers: {
    Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': 13, 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    ...(offer && { 'Sec-WebSocket-Extensions': offer }),
  } });
  asked.end();
  return within(new Promise((done, fail) => {
    asked.on('error', fail);
    asked.on('response', ({ statusCode }) => fail(new Error(`status ${statusCode}`)));
    asked.on('upgrade', ({ headers }, socket) => { socket.destroy(); done(headers['sec-websocket-extensions']); });
  }), () => 'an upgrade');
}

async function keptAlive(t, url) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  t.defer(() => agent.destroy());
  await new Promise((done, fail) => {
    const body = JSON.stringify([handshake()]);
    const asked = http.request(url, { method: 'POST', agent, headers: { 'Content-Type': 'application/json', 'Content-Length': body.length } });
    asked.on('error', fail);
    asked.on('response', (response) => response.resume().on('end', done));
    asked.end(body);
  });
  return agent;
}

test('deflate: off by default', async (t) => {
  const { url } = await t.server();
  assert.equal(await answerTo(url, 'permessage-deflate'), undefined);
  assert.equal(await answerTo(url, 'permessage-deflate', await keptAlive(t, url)), undefined);
  const channel = freshChannel('off');
  const { socket } = await hearer(t, url, channel);
  assert.equal(socket.ws.extensions, '');
  await send(url, [{ channel, data: text(5000) }]);
  assert.deepEqual(data(await socket.delivered(1)), [text(5000)]);
  assert.ok(bytesRead(socket) > 5000);
});

for (const [what, connection] of [['a fresh connection', () => false], ['one that was kept alive', keptAlive]]) {
  test(`deflate: what can be kept is accepted on ${what}`, async (t) => {
    const { url } = await t.server({ compress: 'on' });
    for (const [offer, answer] of [
      [undefined, undefined],
      ['permessage-deflate', ACCEPTED],
      ['permessage-deflate; client_max_window_bits', ACCEPTED],
      ['x-other, permessage-deflate; client_max_window_bits="12"', ACCEPTED],
      [['x-other', 'permessage-deflate'], ACCEPTED],
      ['permessage-deflate; server_max_window_bits=15', `${ACCEPTED}; server_max_window_bits=15`],
      ['permessage-deflate; server_max_window_bits=10', undefined],
      ['permessage-deflate; server_max_window_bits=10, permessage-deflate', ACCEPTED],
      ['permessage-deflate; unheard_of', undefined],
      ['permessage-deflate;', undefined],
    ]) assert.equal(await answerTo(url, offer, await connection(t, url)), answer, String(offer));
  });
}

// ---- both ways ----

for (const [what, options] of [
  ['a browser', {}],
  ['windows of 512 bytes', { clientMaxWindowBits: 9 }],
  ['everything asked for', { clientMaxWindowBits: 15, serverMaxWindowBits: 15, clientNoContextTakeover: true, serverNoContextTakeover: true }],
]) {
  test(`deflate: any size comes and goes as from ${what}`, async (t) => {
    const { url } = await t.server({ compress: 'on' });
    const channel = freshChannel('sizes');
    const { session, socket } = await hearer(t, url, channel, options);
    assert.match(socket.ws.extensions, /^permessage-deflate/);
    const sizes = [0, 1, 100, 150, 180, 200, 250, 1000, 4000, 65000, 66000, 500000];
    for (const size of sizes) {
      const [before, length] = [bytesRead(socket), text(size).length];
      socket.send([session.message(channel, { data: text(size) })]);
      const got = await socket.delivered(sizes.indexOf(size) + 1);
      assert.equal(got.at(-1).data, text(size));
      if (size >= 1000) assert.ok(bytesRead(socket) - before < length * 0.7, `${size}: ${bytesRead(socket) - before}`);
    }
  });
}

test('deflate: a window that shared bytes cannot keep to is declined', async (t) => {
  const { url } = await t.server({ compress: 'on' });
  const channel = freshChannel('window');
  const { socket } = await hearer(t, url, channel, { serverMaxWindowBits: 10 });
  assert.equal(socket.ws.extensions, '');
  await send(url, [{ channel, data: text(5000) }]);
  assert.deepEqual(data(await socket.delivered(1)), [text(5000)]);
});

test('deflate: small messages leave as they are, large ones and large replies do not', async (t) => {
  const { url, port } = await t.server({ compress: 'on' });
  const session = await Session.open(url), channel = freshChannel('forms');
  await session.subscribe(channel);
  const tcp = await openDeflating(t, port);
  const texts = () => tcp.frames().filter(({ first }) => (first & 0x0f) === 1);
  const has = async (count) => { while (texts().length < count) await once(tcp.socket, 'data'); };
  const brings = async (asked) => {
    const before = texts().length;
    await asked;
    await within(has(before + 1), () => 'a text');
  };
  const ask = (messages) => brings(tcp.write(frame(0x81, JSON.stringify(messages))));
  await ask([session.connectMessage({ connectionType: 'websocket', advice: { timeout: 0 } })]);
  await brings(send(url, [{ channel, data: 'small' }]));
  await brings(send(url, [{ channel, data: text(3000) }]));
  await ask(range(50).map((id) => ({ channel: freshChannel('other'), data: 1, id: `b${id}` })));
  assert.deepEqual(texts().map(({ first }) => first), [0x81, 0x81, 0xc1, 0xc1]);
  const [, small, large, replies] = texts().map(({ first, payload }) =>
    JSON.parse(first === 0xc1 ? inflated(payload) : payload));
  assert.deepEqual(data([...small, ...large]), ['small', text(3000)]);
  assert.equal(replies.length, 50);
  assert.ok(replies.every(({ successful }) => successful));
});

test('deflate: deflated messages in fragments, with pings between', async (t) => {
  const { url } = await t.server({ compress: 'on' });
  const channel = freshChannel('pieces');
  const { session, socket } = await hearer(t, url, channel);
  let pongs = 0;
  socket.ws.on('pong', () => pongs++);
  const whole = JSON.stringify([session.message(channel, { data: text(50000) })]);
  for (let at = 0; at < whole.length; at += 7000) {
    socket.ws.send(whole.slice(at, at + 7000), { fin: at + 7000 >= whole.length, binary: false, compress: true });
    socket.ws.ping(`${at}`);
  }
  assert.deepEqual(data(await socket.delivered(1)), [text(50000)]);
  await socket.ask({ channel: freshChannel('fence'), data: 1 });
  assert.equal(pongs, Math.ceil(whole.length / 7000));
});

// ---- many ----

test('deflate: a thousand in order, with and without', async (t) => {
  const { url } = await t.server({ compress: 'on' });
  const channel = freshChannel('mixed');
  const all = await Promise.all(range(8).map((index) => hearer(t, url, channel, index % 2 ? {} : false)));
  const publisher = await open(t, url);
  const numbers = range(1000);
  const value = (number) => ({ number, text: text(number % 3 ? number : 20, number) });
  for (const number of numbers) publisher.send([{ channel, data: value(number) }]);
  for (const { socket } of all) assert.deepEqual(data(await socket.delivered(1000)), numbers.map(value));
  const [plain, short] = all.map(({ socket }) => bytesRead(socket));
  assert.ok(short < plain * 0.75, `${short} of ${plain} bytes`);
});

test('deflate: large messages to a slow reader', async (t) => {
  const { url } = await t.server({ compress: 'on', 'limit-unsent-bytes': '64M' });
  const channel = freshChannel('slow');
  const { socket } = await hearer(t, url, channel);
  socket.ws.pause();
  const numbers = range(40);
  for (const number of numbers) await send(url, [{ channel, data: text(500000, number) }]);
  socket.ws.resume();
  const got = data(await socket.delivered(numbers.length));
  for (const number of numbers) assert.ok(got[number] === text(500000, number), `message ${number}`);
});

// ---- cuts ----

for (const [what, next] of [
  ['another socket that deflates', async (t, url, session) => {
    const socket = await open(t, url);
    await socket.connect(session);
    return (count) => socket.delivered(count);
  }],
  ['a plain socket', async (t, url, session) => {
    const socket = await open(t, url, false);
    await socket.connect(session);
    return (count) => socket.delivered(count);
  }],
  ['a poll', async (t, url, session) => async () => (await session.poll()).messages],
]) {
  test(`deflate: what was not proved comes again by ${what}`, async (t) => {
    const { url } = await t.server({ compress: 'on', timeout: 60, ping: 0 });
    const channel = freshChannel('again');
    const { session, socket } = await hearer(t, url, channel, {}, { autoPong: false });
    const values = range(5).map((number) => text(2000, number));
    await send(url, values.map((value) => ({ channel, data: value })));
    assert.deepEqual(data(await socket.delivered(5)), values);
    socket.ws.terminate();
    assert.deepEqual(data(await (await next(t, url, session))(5)), values);
  });
}

test('deflate: proved messages do not come again', async (t) => {
  const { url } = await t.server({ compress: 'on', timeout: 60 });
  const channel = freshChannel('proved');
  const { session, socket } = await hearer(t, url, channel);
  const pinged = new Promise((done) => socket.ws.on('ping', done));
  await send(url, [{ channel, data: text(2000) }]);
  await socket.delivered(1);
  await within(pinged, () => 'a ping');
  await socket.ask({ channel: freshChannel('fence'), data: 1 }); // the pong went before it
  socket.ws.terminate();
  assert.deepEqual((await session.poll()).messages, []);
});

// ---- others' clients ----

// The extension, counting the deflated messages that came.
function counting() {
  const extension = Object.create(fayesExtension), seen = { count: 0 };
  extension.createClientSession = () => {
    const session = fayesExtension.createClientSession();
    const process = session.processIncomingMessage;
    session.processIncomingMessage = function (message, callback) {
      if (message.rsv1) seen.count++;
      return process.call(this, message, callback);
    };
    return session;
  };
  return { extension, seen };
}

test("deflate: Faye's client with its own extension, over a wire that breaks", async (t) => {
  const server = await t.server({ compress: 'on', timeout: 2 });
  const proxy = await Proxy.start(t, server.port);
  const { extension, seen } = counting();
  const ann = newClient(t, proxy.url, 'websocket'), bob = newClient(t, server.url, 'websocket');
  ann.addWebsocketExtension(extension);
  const [down, up] = [freshChannel('down'), freshChannel('up')];
  const [annHears, bobHears] = [await listen(ann, down), await listen(bob, up)];
  const value = (number) => ({ number, text: text(1000, number) });
  const numbers = range(60);
  for (const number of numbers) {
    if (number % 20 === 19) await proxy.cutAll('rst');
    await Promise.all([publish(bob, down, value(number)), publish(ann, up, value(number))]);
  }
  const isLast = (items) => items.some(({ number }) => number === numbers.at(-1));
  const got = await annHears.until(isLast);
  assert.deepEqual(got.filter((item, index) => got.findIndex(({ number }) => number === item.number) === index), numbers.map(value));
  assert.deepEqual(await bobHears.until(isLast), numbers.map(value));
  assert.ok(seen.count >= numbers.length, `${seen.count} deflated messages`);
});

// These run in the page.
async function arrive(channel) {
  window.client = new Faye.Client('/bayeux');
  for (const other of ['long-polling', 'eventsource']) client.disable(other);
  window.heard = [];
  await client.subscribe(channel, (data) => heard.push(data));
}
async function extensionsOfSocket() {
  const socket = new WebSocket(`${location.href.replace(/^http/, 'ws')}bayeux`);
  await new Promise((done) => { socket.onopen = done; });
  return socket.extensions;
}
async function sayBack(channel, count) {
  while (heard.length < count) await new Promise((done) => setTimeout(done, 10));
  for (const item of heard) await client.publish(channel, item);
}

test('deflate: a page in Chromium', async (t) => {
  const server = await t.server({ compress: 'on' });
  const browser = await Chromium.start(t);
  const page = await browser.open((await Site.start(t, server.port)).url('/'));
  const node = newClient(t, server.url, 'websocket');
  const [there, back] = [freshChannel('there'), freshChannel('back')];
  const nodeHears = await listen(node, back);
  await page.run(arrive, there);
  assert.match(await page.run(extensionsOfSocket), /^permessage-deflate/);
  const values = range(50).map((number) => ({ number, text: text(number * 100, number) }));
  for (const value of values) await publish(node, there, value);
  await page.run(sayBack, back, values.length);
  assert.deepEqual(await nodeHears.has(values.length), values);
});
