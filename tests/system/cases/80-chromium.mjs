// A page in a real browser talks with a client under Node.
import assert from 'node:assert/strict';
import { freshChannel } from '../lib/bayeux.mjs';
import { Chromium } from '../lib/chromium.mjs';
import { TRANSPORTS, listen, newClient, publish } from '../lib/client.mjs';
import { test } from '../lib/harness.mjs';
import { startSite } from '../lib/site.mjs';

const COUNT = 200;
const numbers = Array.from({ length: COUNT }, (_, index) => index);

// These run in the page.
async function arrive(transport, channel) {
  window.client = new Faye.Client('/bayeux', { retry: 0.3, timeout: 10 });
  for (const other of ['websocket', 'eventsource']) if (other !== transport) client.disable(other);
  window.heard = [];
  await client.subscribe(channel, (data) => heard.push(data));
}
const say = (channel, data) => client.publish(channel, data).then(() => {});
async function sayAll(channel, count) {
  for (let number = 0; number < count; number++) await client.publish(channel, number);
}
const hear = (count) => new Promise((done) => {
  const look = () => (heard.length >= count ? done(heard) : setTimeout(look, 10));
  look();
});
const usedTransport = () => client._dispatcher.connectionType;
const leave = () => client.disconnect().then(() => {});

for (const transport of TRANSPORTS) {
  test(`chromium: a page chats over ${transport}`, { faye: true }, async (t) => {
    const server = await t.server();
    const browser = await Chromium.start(t);
    const inPage = await browser.open(await startSite(t, server.port));
    const node = newClient(t, server.url, 'websocket');
    const [toPage, toNode] = [freshChannel('page'), freshChannel('node')];
    const nodeHears = await listen(node, toNode);
    await inPage(arrive, transport, `${toPage}/**`);

    const greeting = { text: 'Grüße 日本 🙂\u2028', list: [1, null, {}] };
    await publish(node, `${toPage}/x`, greeting);
    assert.deepEqual(await inPage(hear, 1), [greeting]);
    await inPage(say, toNode, greeting);
    assert.deepEqual(await nodeHears.has(1), [greeting]);

    await Promise.all([
      inPage(sayAll, toNode, COUNT),
      (async () => { for (const number of numbers) await publish(node, `${toPage}/x`, number); })(),
    ]);
    assert.deepEqual((await inPage(hear, COUNT + 1)).slice(1), numbers);
    assert.deepEqual((await nodeHears.has(COUNT + 1)).slice(1), numbers);
    assert.equal(await inPage(usedTransport), transport);
    await inPage(leave);
  });
}

test('chromium: a page heals when its server starts again', { faye: true }, async (t) => {
  const first = await t.server();
  const browser = await Chromium.start(t);
  const inPage = await browser.open(await startSite(t, first.port));
  const channel = freshChannel('heal');
  await inPage(arrive, 'websocket', channel);
  t.forget(first);
  await first.kill();
  await t.server({ listen: `127.0.0.1:${first.port}` });
  // The page hears itself when it has shaken hands and subscribed anew.
  await inPage(async (channel) => { while (!heard.length) await client.publish(channel, 'again'); }, channel);
});
