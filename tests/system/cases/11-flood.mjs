// A thousand messages each way at once: none lost, none twice, and in order where the client sends in order.
import assert from 'node:assert/strict';
import { freshChannel } from '../lib/bayeux.mjs';
import { TRANSPORTS, listen, newClient, publish } from '../lib/client.mjs';
import { test } from '../lib/harness.mjs';

const COUNT = 1000;
const numbers = Array.from({ length: COUNT }, (_, index) => index);

async function publishInTurn(client, channel) {
  for (const number of numbers) await publish(client, channel, number);
}

for (const [one, other] of [['websocket', 'websocket'], ['long-polling', 'long-polling'], ['websocket', 'long-polling']]) {
  test(`flood: ${one} and ${other} send each other ${COUNT} in order`, { faye: true }, async (t) => {
    const { url } = await t.server();
    const ann = newClient(t, url, one), bob = newClient(t, url, other);
    const [toAnn, toBob] = [freshChannel('ann'), freshChannel('bob')];
    const annHears = await listen(ann, toAnn), bobHears = await listen(bob, toBob);
    await Promise.all([publishInTurn(ann, toBob), publishInTurn(bob, toAnn)]);
    // What came twice would have come before this.
    await publish(ann, toBob, 'end');
    await publish(bob, toAnn, 'end');
    assert.deepEqual(await annHears.until((items) => items.includes('end')), [...numbers, 'end']);
    assert.deepEqual(await bobHears.until((items) => items.includes('end')), [...numbers, 'end']);
  });
}

for (const transport of TRANSPORTS) {
  // The long-polling client spreads what it sends at once over several requests, so only the socket keeps its order.
  test(`flood: ${COUNT} at once over ${transport}`, { faye: true }, async (t) => {
    const { url } = await t.server();
    const ann = newClient(t, url, transport), bob = newClient(t, url, transport), channel = freshChannel('burst');
    const heard = await listen(bob, channel);
    await listen(ann, freshChannel('self')); // now she has chosen her transport
    await Promise.all(numbers.map((number) => publish(ann, channel, number)));
    await publish(ann, channel, COUNT);
    const items = await heard.until((items) => items.includes(COUNT));
    assert.deepEqual(transport === 'websocket' ? items : [...items].sort((a, b) => a - b), [...numbers, COUNT]);
  });
}
