// Faye's own client in pages of a real browser, by every way it can take: beside the server on one origin, as behind a
// reverse proxy, and on another origin and site, straight to it.
import assert from 'node:assert/strict';
import { Session, freshChannel } from '../lib/bayeux.mjs';
import { Chromium } from '../lib/chromium.mjs';
import { listen, newClient, publish } from '../lib/client.mjs';
import { test } from '../lib/harness.mjs';
import { arrive, fallSilent, hear, hearOut, leave, moveTo, say, sayAll, sayOn, settle } from '../lib/page.mjs';
import { Proxy } from '../lib/proxy.mjs';
import { Site } from '../lib/site.mjs';
import { sleep } from '../lib/wait.mjs';

const COUNT = 200;
const range = (from, to) => Array.from({ length: to - from }, (_, index) => from + index);

// `disabled` makes the client choose `type`. `by` is what carries messages and replies to it then; before that it shakes
// hands by `handshake`, and goes on so for as long as a better way needs to open.
const ways = [
  { origin: 'own', type: 'websocket', disabled: [], handshake: 'posts', by: ['frames'] },
  { origin: 'own', type: 'eventsource', disabled: ['websocket'], handshake: 'posts', by: ['events', 'posts'] },
  { origin: 'own', type: 'long-polling', disabled: ['websocket', 'eventsource'], handshake: 'posts', by: ['posts'] },
  { origin: 'own', type: 'callback-polling', disabled: ['websocket', 'eventsource', 'long-polling'], handshake: 'scripts', by: ['scripts'] },
  { origin: 'other', type: 'websocket', disabled: [], handshake: 'scripts', by: ['frames'] },
  { origin: 'other', type: 'cross-origin-long-polling', disabled: ['websocket'], handshake: 'scripts', by: ['forms'] },
  { origin: 'other', type: 'callback-polling', disabled: ['websocket', 'cross-origin-long-polling'], handshake: 'scripts', by: ['scripts'] },
];

// Where the page is and what it calls the server.
async function place(t, server, origin) {
  const site = await Site.start(t, server.port);
  if (origin === 'own') return { home: site.url('/'), endpoint: '/bayeux' };
  return { home: site.url('/', 'localhost'), endpoint: server.url };
}

// How much has come to a page by each way.
function traffic(page) {
  const asked = page.events('Network.requestWillBeSent').filter(({ request }) => request.url.includes('/bayeux'));
  const count = (type, content) => asked.filter((event) => event.type === type && event.request.headers['Content-Type'] === content).length;
  return {
    frames: page.events('Network.webSocketFrameReceived').length,
    events: page.events('Network.eventSourceMessageReceived').length,
    posts: count('XHR', 'application/json'),
    forms: count('XHR', 'text/plain;charset=UTF-8'),
    scripts: count('Script'),
  };
}

function assertCarried(page, { by, handshake }) {
  for (const [name, count] of Object.entries(traffic(page))) {
    if (by.includes(name)) assert.ok(count > COUNT / 2, `${name}: ${count}`);
    else if (name === handshake) assert.ok(count < 10, `${name}: ${count}`);
    else assert.equal(count, 0, name);
  }
}

async function untilForgotten(url, clientId) {
  const session = new Session(url, clientId), channel = freshChannel('forgotten');
  // Subscribing is no sign of life, so asking does not keep it.
  while ((await session.ask('/meta/subscribe', { subscription: channel })).successful) await sleep(50);
}

for (const way of ways) {
  const { origin, type, disabled } = way;
  const name = `browser: ${type}, ${origin} origin`;

  test(`${name}: two pages talk`, { faye: true }, async (t) => {
    const server = await t.server();
    const browser = await Chromium.start(t), { home, endpoint } = await place(t, server, origin);
    const ann = await browser.open(home), bob = await browser.open(home);
    const [toAnn, toBob] = [freshChannel('ann'), freshChannel('bob')];
    const annId = await ann.run(arrive, endpoint, disabled, `${toAnn}/**`);
    await bob.run(arrive, endpoint, disabled, `${toBob}/*`);
    for (const page of [ann, bob]) await page.run(settle, type);
    const node = newClient(t, server.url, 'websocket'), nodeHears = await listen(node, `${toBob}/**`);

    const greeting = { text: 'Grüße 日本 🙂\u2028\u{10ffff}"\\/&+%41</script>', list: [1, null, {}] };
    await bob.run(say, `${toAnn}/x/y`, greeting);
    await ann.run(say, `${toBob}/x`, greeting);

    await Promise.all([ann.run(sayAll, `${toBob}/x`, COUNT), bob.run(sayAll, `${toAnn}/x/y`, COUNT)]);
    const all = [greeting, ...range(0, COUNT)];
    for (const page of [ann, bob]) assert.deepEqual(await page.run(hear, all.length), all);
    assert.deepEqual(await nodeHears.has(all.length), all);
    for (const page of [ann, bob]) assertCarried(page, way);

    await ann.run(moveTo, `${toAnn}-again`);
    await bob.run(say, `${toAnn}/x`, 'unheard');
    await publish(node, `${toAnn}-again`, greeting);
    assert.deepEqual(await ann.run(hear, all.length + 1), [...all, greeting]);

    for (const page of [ann, bob]) await page.run(leave);
    await untilForgotten(server.url, annId);
    assert.deepEqual([...ann.complaints, ...bob.complaints], []);
  });

  test(`${name}: pages come and go`, { faye: true }, async (t) => {
    const server = await t.server({ timeout: 2 });
    const browser = await Chromium.start(t), { home, endpoint } = await place(t, server, origin);
    const [talker, stays, reloads, leaves] = await Promise.all([1, 2, 3, 4].map(() => browser.open(home)));
    const room = freshChannel('room');
    const enter = (page, ...more) => page.run(arrive, endpoint, [...disabled, ...more], `${room}/**`);
    await Promise.all([enter(talker), enter(stays)]);
    // One says farewell as it goes, as clients do unless told not to; the other leaves without a word.
    const gone = await Promise.all([enter(reloads), enter(leaves, 'autodisconnect')]);
    await talker.run(sayOn, `${room}/x`);
    await Promise.all([stays, reloads, leaves].map((page) => page.run(hear, 10)));

    await Promise.all([reloads.reload(), leaves.go('about:blank')]);
    assert.ok(!gone.includes(await enter(reloads)));
    await reloads.run(hear, 10);
    const last = await talker.run(fallSilent) - 1;
    assert.deepEqual(await stays.run(hearOut, last), range(0, last + 1));
    const since = await reloads.run(hearOut, last);
    assert.deepEqual(since, range(since[0], last + 1));
    await reloads.run(settle, type);
    for (const id of gone) await untilForgotten(server.url, id);
    assert.deepEqual([talker, stays, reloads, leaves].flatMap(({ complaints }) => complaints), []);
  });

  test(`${name}: a page heals when its server starts again`, { faye: true }, async (t) => {
    const first = await t.server({ timeout: 2 });
    const browser = await Chromium.start(t), { home, endpoint } = await place(t, first, origin);
    const page = await browser.open(home), room = freshChannel('heal');
    const formerId = await page.run(arrive, endpoint, disabled, `${room}/*`);
    t.forget(first);
    await first.kill();
    await t.server({ listen: `127.0.0.1:${first.port}`, timeout: 2 });
    // The page hears itself when it has shaken hands and subscribed anew.
    await page.run(async (channel) => { while (!heard.length) await client.publish(channel, 'again'); }, `${room}/x`);
    await page.run(settle, type);
    assert.notEqual(await page.run(() => client._dispatcher.clientId), formerId);
    assert.deepEqual(page.complaints.filter(({ source }) => source !== 'network'), []);
    await page.run(leave);
  });
}

// Ports are no part of a cookie's site: a page at one port and a server at another share cookies but no origin, so the
// browser sends and takes them only with the page's and the server's consent.
test('browser: cookies go with cross-origin-long-polling', { faye: true }, async (t) => {
  const server = await t.server();
  const browser = await Chromium.start(t), home = await Site.start(t, server.port), front = await Site.start(t, server.port);
  const page = await browser.open(home.url('/')), room = freshChannel('cookie');
  await page.run(arrive, front.url('/bayeux'), ['websocket'], room);
  await page.run(settle, 'cross-origin-long-polling');

  // As a balancer does that wants to know its clients again.
  front.cookie = 'node=a7; Path=/; HttpOnly';
  await page.run(say, room, 'gets the cookie');
  const before = front.exchanges.length;
  await page.run(say, room, 'brings it');
  await page.run(hear, 2);
  await page.run(leave);
  const isAbout = (method) => (exchange) => exchange.method === method;
  const since = front.exchanges.slice(before).filter(isAbout('POST'));
  assert.ok(since.length >= 2, `${since.length}`);
  for (const { headers } of since) {
    assert.equal(headers.cookie, 'node=a7');
    assert.match(headers['content-type'], /^text\/plain/);
  }
  // What browsers insist on when cookies are in play: no asterisk, for the question before as for the request.
  const origin = home.url('');
  assert.ok(front.exchanges.some(isAbout('OPTIONS')));
  for (const { method, headers, answered } of front.exchanges.filter(({ method }) => method !== 'GET')) {
    if (!answered) continue;
    assert.equal(headers.origin, origin);
    assert.equal(answered['access-control-allow-origin'], origin, method);
    assert.equal(answered['access-control-allow-credentials'], 'true', method);
  }
  assert.deepEqual(page.complaints, []);
});

// The page's client does nothing about it: EventSource itself asks again, after the time the server told it.
for (const how of ['rst', 'fin']) {
  test(`browser: eventsource: a stream cut by ${how} comes back and goes on where it was`, { faye: how === 'rst' }, async (t) => {
    const server = await t.server();
    const proxy = await Proxy.start(t, server.port), site = await Site.start(t, new URL(proxy.url).port);
    const browser = await Chromium.start(t), page = await browser.open(site.url('/'));
    const node = newClient(t, server.url, 'websocket'), room = freshChannel('cut');
    const id = await page.run(arrive, '/bayeux', ['websocket'], `${room}/*`);
    await page.run(settle, 'eventsource');
    const streams = () => site.exchanges.filter(({ headers }) => headers.accept === 'text/event-stream').map(({ url }) => url);
    assert.deepEqual(streams(), [`/bayeux/${id}`]);

    for (const number of range(0, 20)) await publish(node, `${room}/x`, number);
    await page.run(hear, 20);
    await proxy.cutAll(how); // what a proxy still took and did not pass on would be lost
    for (const number of range(20, 40)) await publish(node, `${room}/x`, number);
    await page.run(hear, 40);
    for (const number of range(40, 60)) await publish(node, `${room}/x`, number);
    assert.deepEqual(await page.run(hear, 60), range(0, 60));
    assert.deepEqual(streams(), Array(2).fill(`/bayeux/${id}`));
    await page.run(leave);
    assert.deepEqual(page.complaints.filter(({ source }) => source !== 'network'), []);
  });
}
