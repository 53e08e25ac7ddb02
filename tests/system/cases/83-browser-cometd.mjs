// CometD's client in pages of a real browser.
import assert from 'node:assert/strict';
import { Session, freshChannel } from '../lib/bayeux.mjs';
import { Chromium } from '../lib/chromium.mjs';
import { listen, newClient, publish } from '../lib/client.mjs';
import { test } from '../lib/harness.mjs';
import { hear, hearOut } from '../lib/page.mjs';
import { Site } from '../lib/site.mjs';

const COUNT = 50;
const range = (from, to) => Array.from({ length: to - from }, (_, index) => from + index);

// These run in the page.
async function arrive(url, transport, pattern, { acks } = {}) {
  window.client = new CometD.CometD();
  for (const other of client.getTransportTypes()) if (other !== transport) client.unregisterTransport(other);
  client.configure({ url, logLevel: 'warn' });
  client.registerExtension('reload', new CometD.ReloadExtension());
  if (acks) client.registerExtension('ack', new CometD.AckExtension());
  window.heard = JSON.parse(sessionStorage.getItem('heard') ?? '[]');
  // What a reload keeps is complete once a connect was sent, which a timer does some time after the handshake.
  const connected = new Promise((done, fail) => {
    client.addListener('/meta/connect', (reply) => (reply.successful ? done() : fail(new Error(JSON.stringify(reply)))));
  });
  // The subscription is there before anything can come: with a handshake that is only played again the server knows it yet.
  const reply = await new Promise((done) => client.handshake((reply) => {
    client.subscribe(pattern, ({ data }) => heard.push(data), () => done(reply));
  }));
  if (!reply.successful) throw new Error(JSON.stringify(reply));
  await connected;
  return { id: reply.clientId, reloaded: Boolean(reply.ext?.reload), transport: client.getTransport().type };
}
const say = (channel, data) => new Promise((done, fail) => {
  client.publish(channel, data, (reply) => (reply.successful ? done() : fail(new Error(JSON.stringify(reply)))));
});
async function sayAll(channel, count) {
  for (let number = 0; number < count; number++) {
    await new Promise((done, fail) => {
      client.publish(channel, number, (reply) => (reply.successful ? done() : fail(new Error(JSON.stringify(reply)))));
    });
  }
}
function prepareReload() {
  client.reload();
  sessionStorage.setItem('heard', JSON.stringify(heard));
}
const leave = () => new Promise((done) => client.disconnect(done)).then(({ successful }) => successful);

for (const transport of ['websocket', 'long-polling', 'callback-polling']) {
  for (const origin of ['own', 'other']) {
    test(`browser, CometD: ${transport}, ${origin} origin: a page talks with Faye's client`, { faye: true }, async (t) => {
      const server = await t.server();
      const browser = await Chromium.start(t), site = await Site.start(t, server.port);
      const page = await browser.open(site.url('/cometd', origin === 'own' ? '127.0.0.1' : 'localhost'));
      const node = newClient(t, server.url, 'websocket');
      const room = freshChannel('cometd');
      const got = await page.run(arrive, origin === 'own' ? site.url('/bayeux') : server.url, transport, `${room}/**`);
      assert.equal(got.transport, transport);

      const greeting = { text: 'Grüße 日本 🙂\u2028', list: [1, null, {}] };
      await publish(node, `${room}/x/y`, greeting);
      assert.deepEqual(await page.run(hear, 1), [greeting]);
      await page.run(sayAll, `${room}/x`, COUNT);
      assert.deepEqual((await page.run(hear, COUNT + 1)).slice(1), range(0, COUNT));
      assert.equal(await page.run(leave), true);
      assert.deepEqual(page.complaints, []);
    });
  }

  // CometD's extension for reloads stores the reply to the handshake. The new page goes on with it, but counts its ids
  // from the beginning again: what it says is new all the same.
  test(`browser, CometD: ${transport}: a page goes on as the same client after a reload`, { faye: true }, async (t) => {
    const server = await t.server();
    const browser = await Chromium.start(t), site = await Site.start(t, server.port);
    const page = await browser.open(site.url('/cometd')), node = newClient(t, server.url, 'websocket');
    const [toPage, toNode] = [freshChannel('page'), freshChannel('node')];
    const nodeHears = await listen(node, toNode);
    const enter = () => page.run(arrive, site.url('/bayeux'), transport, `${toPage}/**`);
    const first = await enter();
    assert.equal(first.reloaded, false);
    await page.run(say, toNode, 'hello');
    await nodeHears.has(1);
    for (const time of [1, 2, 3]) {
      await page.run(prepareReload);
      await page.reload();
      assert.deepEqual(await enter(), { ...first, reloaded: true });
      await page.run(say, toNode, 'hello');
      await publish(node, `${toPage}/x`, `welcome ${time}`);
      await page.run(hearOut, `welcome ${time}`);
      await nodeHears.has(time + 1);
    }
    assert.deepEqual(nodeHears.items, Array(4).fill('hello'));
    assert.equal(await page.run(leave), true);
    assert.deepEqual(page.complaints, []);
  });

  // What was under way to the old page it did not acknowledge, so the new one gets it; some of it for the second time.
  test(`browser, CometD: ${transport}: with acks nothing is lost by reloads in full flow`, async (t) => {
    const server = await t.server({ timeout: 60 }); // however long a reload takes
    const browser = await Chromium.start(t), site = await Site.start(t, server.port);
    const page = await browser.open(site.url('/cometd')), node = newClient(t, server.url, 'websocket');
    const room = freshChannel('flow');
    const enter = () => page.run(arrive, site.url('/bayeux'), transport, `${room}/**`, { acks: true });
    const first = await enter();
    let over = false;
    const said = (async () => {
      let number = 0;
      while (!over) await publish(node, `${room}/x`, number++);
      return number;
    })();
    for (const time of [1, 2, 3]) {
      await page.run(hear, time * COUNT);
      await page.run(prepareReload);
      await page.reload();
      assert.deepEqual(await enter(), { ...first, reloaded: true });
    }
    over = true;
    const last = await said - 1;
    const heard = await page.run(hearOut, last);
    assert.deepEqual([...new Set(heard)], range(0, last + 1));
    // No matter whether its disconnect was answered: a connect behind it may be told first that the client is unknown. It is.
    await page.run(leave);
    assert.match((await new Session(server.url, first.id).ask('/meta/connect', { connectionType: 'long-polling' })).error, /^401:/);
    assert.deepEqual(page.complaints, []);
  });
}
