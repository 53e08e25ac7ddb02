// CometD's extensions: that they are really at work, and what they do.
import assert from 'node:assert/strict';
import { freshChannel, send } from '../../system/lib/bayeux.mjs';
import { test } from '../../system/lib/harness.mjs';
import { KINDS } from '../kinds.mjs';
import { Client } from '../lib/client.mjs';

const HOUR_MS = 3600000;

const on = (inbox, name) => inbox.items.filter(({ channel }) => channel === name);

for (const kind of KINDS.filter(({ extension }) => extension === 'ack')) {
  test(`${kind.name}: acknowledged batches`, async (t) => {
    const { url } = await t.server({ timeout: 60 }); // so that nothing but a message ends a connect
    const client = await Client.start(t, kind, url), channel = freshChannel('ack');
    const heard = await client.listen(channel);
    for (let count = 1; count <= 3; count++) {
      const before = client.out.items.length;
      await send(url, [{ channel, data: count }]);
      await heard.has(count);
      await client.waits(before); // for the message came with the reply to a connect
    }
    assert.deepEqual(heard.items, [1, 2, 3]);

    const [handshake] = on(client.in, '/meta/handshake');
    assert.ok(handshake.ext?.ack === true || handshake.ext?.ack?.enabled === true, JSON.stringify(handshake));
    const given = on(client.in, '/meta/connect').map(({ ext }) => ext?.ack);
    const taken = on(client.out, '/meta/connect').map(({ ext }) => ext?.ack);
    assert.ok(given.every(Number.isInteger), `numbers of batches: ${given}`);
    assert.deepEqual(taken.slice(1, given.length + 1), given);
    const ofMessages = given.slice(-3);
    assert.deepEqual(ofMessages, [...new Set(ofMessages)].sort((a, b) => a - b));
  });
}

for (const kind of KINDS.filter(({ extension }) => extension === 'timesync')) {
  test(`${kind.name}: clock offset`, async (t) => {
    const { url } = await t.server({ timeout: 1 });
    const client = await Client.start(t, kind, url, { clockBackMs: HOUR_MS });
    // The first connect is answered at once, the second is held for a second.
    await client.in.until((got) => got.filter(({ channel }) => channel === '/meta/connect').length >= 2);
    const { offset, lag } = await client.do('clock');
    assert.ok(lag >= 0 && Math.abs(offset - HOUR_MS) <= lag + 2, `offset ${offset} ms, lag ${lag} ms`);

    for (const name of ['/meta/handshake', '/meta/connect']) {
      for (const reply of on(client.in, name)) {
        const sent = on(client.out, name).find(({ id }) => id === reply.id).ext.timesync;
        const { tc, ts, p, a } = reply.ext.timesync;
        assert.equal(tc, sent.tc);
        assert.ok(p >= 0);
        assert.equal(a, tc + sent.o + sent.l - ts);
      }
    }
    const held = on(client.in, '/meta/connect')[1].ext.timesync;
    assert.ok(held.p >= 900, `held for a second, and for ${held.p} ms by the server's account`);
  });
}
