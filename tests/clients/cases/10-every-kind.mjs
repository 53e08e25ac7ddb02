// What every client does, whatever its kind.
import assert from 'node:assert/strict';
import { Session, exchange, freshChannel, send } from '../../system/lib/bayeux.mjs';
import { test } from '../../system/lib/harness.mjs';
import { Proxy } from '../../system/lib/proxy.mjs';
import { KINDS } from '../kinds.mjs';
import { Client } from '../lib/client.mjs';
import { steadyPort } from '../../system/lib/port.mjs';

const COUNT = 1000;
const numbers = Array.from({ length: COUNT }, (_, index) => index);

const SCENARIOS = {
  async wildcards(t, kind) {
    const { url } = await t.server();
    const client = await Client.start(t, kind, url), base = freshChannel('w');
    const one = await client.listen(`${base}/*`), all = await client.listen(`${base}/**`), exact = await client.listen(`${base}/a/b`);
    await send(url, ['', '/a', '/a/b', '/a/b/c', 'x/a', '/last/one'].map((name) => ({ channel: base + name, data: name })));
    assert.deepEqual(await all.until((items) => items.includes('/last/one')), ['/a', '/a/b', '/a/b/c', '/last/one']);
    assert.deepEqual(one.items, ['/a']);
    assert.deepEqual(exact.items, ['/a/b']);
    assert.deepEqual(client.sentChannels, ['/a', '/a/b', '/a/b/c', '/last/one'].map((name) => base + name));
  },

  async unicode(t, kind) {
    const { url } = await t.server();
    const client = await Client.start(t, kind, url), [down, up] = [freshChannel('d'), freshChannel('u')];
    const texts = ['Grüße', '日本語', '🙂👩‍👩‍👧', '\u2028\u2029', '\u0000\u0001\u007f', '"\\/', '\ufeffx', 'e\u0301', '\u{10ffff}'];
    if (kind.anyString) texts.push('\ud83d', '\ude42\ud83d');

    // Down: text as it is, then every character that may be written so as an escape.
    const plain = JSON.stringify(texts);
    const escaped = plain.replace(/[^\\"[\],u0-9a-f]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`);
    const slashed = '["\\/\\b\\f\\n\\r\\t","\\u002F","\\ud83d\\ude42"]';
    const heard = await client.listen(down);
    for (const data of [plain, escaped, slashed]) await exchange(url, `{"channel":"${down}","data":${data}}`);
    assert.deepEqual(await heard.has(3), [texts, JSON.parse(escaped), ['/\b\f\n\r\t', '/', '🙂']]);

    // Up: as the client writes it, also as a key.
    const other = await Session.open(url);
    await other.subscribe(up);
    await client.publish(up, { texts, [texts[2]]: true });
    const { messages: [{ data }] } = await other.poll();
    assert.deepEqual(data, { texts, [texts[2]]: true });
  },

  async '1,000 in order'(t, kind) {
    const { url } = await t.server();
    const client = await Client.start(t, kind, url), [down, up] = [freshChannel('d'), freshChannel('u')];
    const heard = await client.listen(down), other = await Session.open(url);
    await other.subscribe(up);
    const publishDown = async () => {
      for (let at = 0; at < COUNT; at += 10) await send(url, numbers.slice(at, at + 10).map((data) => ({ channel: down, data })));
    };
    const hearUp = async () => {
      const got = [];
      while (got.length < COUNT) got.push(...(await other.connect().answer).json.filter(({ channel }) => channel === up));
      return got.map(({ data }) => data);
    };
    const [, , gotUp] = await Promise.all([publishDown(), client.publishAll(up, COUNT), hearUp()]);
    assert.deepEqual(gotUp, numbers);
    assert.deepEqual(await heard.has(COUNT), numbers);
    // A double would come before this.
    await send(url, [{ channel: down, data: 'last' }]);
    assert.deepEqual((await heard.until((items) => items.includes('last'))).slice(COUNT), ['last']);
  },

  async unsubscribe(t, kind) {
    const { url } = await t.server();
    const client = await Client.start(t, kind, url), [dropped, kept] = [freshChannel('d'), freshChannel('k')];
    const gone = await client.listen(dropped), still = await client.listen(kept);
    await send(url, [{ channel: dropped, data: 1 }, { channel: kept, data: 1 }]);
    await Promise.all([gone.has(1), still.has(1)]);
    await client.unsubscribe(dropped);
    await send(url, [{ channel: dropped, data: 2 }, { channel: kept, data: 2 }]);
    assert.deepEqual(await still.has(2), [1, 2]);
    assert.deepEqual(gone.items, [1]);
    assert.deepEqual(client.sentChannels, [dropped, kept, kept]);
  },

  'restart after SIGKILL': (t, kind) => heal(t, kind, 'SIGKILL'),
  'restart after SIGTERM': (t, kind) => heal(t, kind, 'SIGTERM'),

  async disconnect(t, kind) {
    const { url } = await t.server();
    const client = await Client.start(t, kind, url), channel = freshChannel('bye');
    await client.listen(channel);
    const { clientId } = client;
    await client.disconnect();
    const [reply] = await send(url, [{ channel: '/meta/connect', clientId, connectionType: 'long-polling', id: '1', advice: { timeout: 0 } }]);
    assert.equal(reply.error, `401:${clientId}:Unknown client`);
  },
};

// Clients that ask again under the same id, or acknowledge what they got, lose nothing to a wire that breaks.
const LOSSLESS = {
  async 'lost answer'(t, kind) {
    const server = await t.server({ timeout: 2 });
    const proxy = await Proxy.start(t, server.port);
    const client = await Client.start(t, kind, proxy.url), channel = freshChannel('lost');
    const heard = await client.listen(channel);
    for (const data of ['one', 'two', 'three']) {
      const lost = data === 'two' && proxy.lose({ pattern: `"data":"${data}"` });
      await send(server.url, [{ channel, data }]);
      await lost;
      await heard.until((items) => items.includes(data));
    }
    // What went over a socket and was not proved to have arrived comes again over the next.
    const mayRepeat = kind.transport === 'websocket' && kind.extension !== 'ack';
    assert.deepEqual(mayRepeat ? [...new Set(heard.items)] : heard.items, ['one', 'two', 'three']);
  },
};

// The server dies and comes back on its port: the client shakes hands and subscribes anew by itself.
async function heal(t, kind, signal) {
  const listen = `127.0.0.1:${await steadyPort()}`;
  const first = await t.server({ listen, timeout: 2 });
  const client = await Client.start(t, kind, first.url);
  const channels = [freshChannel('heal'), `${freshChannel('wild')}/**`];
  const [heard, heardWild] = [await client.listen(channels[0]), await client.listen(channels[1])];
  const before = { out: client.out.items.length, in: client.in.items.length };

  t.forget(first);
  first.signal(signal);
  await first.ended;
  const { url } = await t.server({ listen, timeout: 2 });
  const again = (got) => channels.every((name) =>
    got.slice(before.in).some(({ channel, successful, subscription }) => channel === '/meta/subscribe' && successful && subscription === name));
  await client.in.until(again);
  await client.waits(before.out);

  await send(url, [{ channel: channels[0], data: 'after' }, { channel: channels[1].replace('**', 'x/y'), data: 'after' }]);
  assert.deepEqual(await heard.has(1), ['after']);
  assert.deepEqual(await heardWild.has(1), ['after']);
  const other = await Session.open(url);
  await other.subscribe('/up');
  await client.publish('/up', 'after');
  assert.equal((await other.poll()).messages[0].data, 'after');
}

const isLossless = ({ asksAgain, extension }) => asksAgain || extension === 'ack';

for (const kind of KINDS) {
  const register = (scenarios, faye) => {
    for (const [title, body] of Object.entries(scenarios)) test(`${kind.name}: ${title}`, { faye }, (t) => body(t, kind));
  };
  register(SCENARIOS, true);
  if (isLossless(kind)) register(LOSSLESS, false);
}
