// What applications do: Faye's client under Node, each transport with itself and with the other.
import assert from 'node:assert/strict';
import { freshChannel, send } from '../lib/bayeux.mjs';
import { TRANSPORTS, listen, newClient, publish, transportOf } from '../lib/client.mjs';
import { test } from '../lib/harness.mjs';

const pairs = TRANSPORTS.flatMap((one) => TRANSPORTS.map((other) => [one, other]));
const sorted = (list) => [...list].sort();

for (const [hers, his] of pairs) {
  test(`chat: ${hers} talks with ${his}`, { faye: true }, async (t) => {
    const { url } = await t.server();
    const ann = newClient(t, url, hers), bob = newClient(t, url, his);
    const room = freshChannel('room');
    const annHears = await listen(ann, room), bobHears = await listen(bob, room);
    await publish(ann, room, { from: 'ann', text: 'hello' });
    await publish(bob, room, { from: 'bob', text: 'hello yourself' });
    for (const inbox of [annHears, bobHears]) {
      assert.deepEqual(sorted((await inbox.has(2)).map(({ from }) => from)), ['ann', 'bob']);
    }
    assert.deepEqual([transportOf(ann), transportOf(bob)], [hers, his]);
  });
}

for (const transport of TRANSPORTS) {
  test(`chat: wildcards over ${transport}`, { faye: true }, async (t) => {
    const { url } = await t.server();
    const client = newClient(t, url, transport), base = freshChannel('w');
    const one = await listen(client, `${base}/*`), all = await listen(client, `${base}/**`);
    const exact = await listen(client, `${base}/a/b`);
    for (const name of ['', '/a', '/a/b', '/a/b/c', 'x/a']) await publish(client, base + name, name);
    await publish(client, `${base}/last/one`, 'end');
    assert.deepEqual(sorted(await all.until((items) => items.includes('end'))), ['/a', '/a/b', '/a/b/c', 'end']);
    assert.deepEqual(one.items, ['/a']);
    assert.deepEqual(exact.items, ['/a/b']);
  });

  test(`chat: unicode over ${transport}`, { faye: true }, async (t) => {
    const { url } = await t.server();
    const client = newClient(t, url, transport), channel = freshChannel('u');
    const texts = ['Grüße', '日本語', '🙂👩‍👩‍👧', '\u2028\u2029', '\u0001\u007f', '"\\/', '\ufeffx', 'e\u0301', '\u{10ffff}'];
    const heard = await listen(client, channel);
    await publish(client, channel, { texts, [texts[2]]: true });
    assert.deepEqual(await heard.has(1), [{ texts, [texts[2]]: true }]);
  });

  test(`chat: unsubscribing ends delivery over ${transport}`, { faye: true }, async (t) => {
    const { url } = await t.server();
    const client = newClient(t, url, transport), [dropped, kept] = [freshChannel('d'), freshChannel('k')];
    const gone = await listen(client, dropped), still = await listen(client, kept);
    gone.subscription.cancel();
    // Listening anew is a subscribe behind the unsubscribe: its answer says that the latter is done.
    await listen(client, freshChannel('x'));
    await publish(client, dropped, 1);
    await publish(client, kept, 2);
    assert.deepEqual(await still.has(1), [2]);
    assert.deepEqual(gone.items, []);
  });

  test(`chat: after disconnecting over ${transport} the client id is unknown`, { faye: true }, async (t) => {
    const { url } = await t.server();
    const client = newClient(t, url, transport), channel = freshChannel('bye');
    await listen(client, channel);
    const clientId = client._dispatcher.clientId;
    await client.disconnect();
    const [reply] = await send(url, [{ channel: '/meta/connect', clientId, connectionType: 'long-polling', id: '1', advice: { timeout: 0 } }]);
    assert.equal(reply.error, `401:${clientId}:Unknown client`);
  });
}
