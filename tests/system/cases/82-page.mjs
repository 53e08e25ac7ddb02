// A page that loads the client from the server itself, as pages did from Faye.
import assert from 'node:assert/strict';
import http from 'node:http';
import path from 'node:path';
import { createRequire } from 'node:module';
import { once } from 'node:events';
import { freshChannel } from '../lib/bayeux.mjs';
import { Chromium } from '../lib/chromium.mjs';
import { listen, newClient, publish } from '../lib/client.mjs';
import { test } from '../lib/harness.mjs';

const folder = path.dirname(createRequire(import.meta.url).resolve('faye/client/faye-browser-min.js'));

// A page elsewhere with the script of that server; it notes what is said in its console.
async function openPage(t, script) {
  const page = `<!doctype html><meta charset=utf-8><script>window.said = []; console.error = (text) => said.push(text);</script>
    <script src="${script}"></script>`;
  const site = http.createServer((request, response) => {
    response.writeHead(200, { 'Content-Type': 'text/html' });
    response.end(page);
  }).listen(0, '127.0.0.1');
  await once(site, 'listening');
  t.defer(() => { site.close(); site.closeAllConnections(); });
  return (await Chromium.start(t)).open(`http://127.0.0.1:${site.address().port}/`);
}

for (const name of ['bayeux.js', 'bayeux/client.js']) {
  test(`page: chats with <script src=".../${name}"> from the server`, async (t) => {
    const { url, port } = await t.server({ 'client-dir': folder });
    const page = await openPage(t, `http://127.0.0.1:${port}/${name}`);
    const node = newClient(t, url, 'websocket'), channel = freshChannel('page');
    const nodeHears = await listen(node, `${channel}/node`);
    await page.run(async (url, channel) => {
      window.client = new Faye.Client(url, { retry: 0.3, timeout: 10 });
      window.heard = new Promise((done) => { window.subscribed = client.subscribe(`${channel}/page`, done); });
      await subscribed.then(() => {});
    }, url, channel);
    await publish(node, `${channel}/page`, 'hello, page');
    assert.equal(await page.run(() => heard), 'hello, page');
    await page.run((channel) => client.publish(`${channel}/node`, 'hello, node').then(() => {}), channel);
    assert.deepEqual(await nodeHears.has(1), ['hello, node']);
    assert.deepEqual(await page.run(() => said), []);
    await page.run(() => client.disconnect().then(() => {}));
  });
}

test('page: is told in the console when there is no script to serve', async (t) => {
  const { port } = await t.server();
  const page = await openPage(t, `http://127.0.0.1:${port}/bayeux/client.js`);
  assert.match((await page.run(() => said)).join(), /--client-dir/);
});
