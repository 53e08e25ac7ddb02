// Bayeux by curl: a shell needs no library.
import assert from 'node:assert/strict';
import { freshChannel } from '../../system/lib/bayeux.mjs';
import { test } from '../../system/lib/harness.mjs';
import { curl, curlWith } from '../../system/lib/curl.mjs';

const COUNT = 1000;
const DATA = { text: 'Grüße 日本 🙂\u2028"\\', list: [1, null, {}] };

const posted = (url, messages, ...args) => curl('--json', JSON.stringify(messages), ...args, url);
const post = async (url, messages, ...args) => (await posted(url, messages, ...args)).json;
const handshakeMessage = { channel: '/meta/handshake', version: '1.0', supportedConnectionTypes: ['long-polling'] };

async function shakeHands(url) {
  const [{ successful, clientId }] = await post(url, [handshakeMessage]);
  assert.equal(successful, true);
  return clientId;
}

async function subscribe(url, clientId, ...channels) {
  const replies = await post(url, channels.map((subscription) => ({ channel: '/meta/subscribe', clientId, subscription })));
  assert.deepEqual(replies.map(({ successful }) => successful), channels.map(() => true));
}

// The messages that a connect brings; the reply to it comes first.
async function connect(url, clientId, fields, ...args) {
  const [reply, ...messages] = await post(url, [{ channel: '/meta/connect', clientId, connectionType: 'long-polling', ...fields }], ...args);
  assert.equal(reply.successful, true, JSON.stringify(reply));
  return messages.map(({ channel, data }) => ({ channel, data }));
}

const poll = (url, clientId) => connect(url, clientId, { advice: { timeout: 0 } });

test('curl long-polling: wildcards, unicode, unsubscribe, disconnect', { faye: true }, async (t) => {
  const { url } = await t.server();
  const clientId = await shakeHands(url), base = freshChannel('c');
  await subscribe(url, clientId, `${base}/*`, `${base}/x/**`);

  const held = connect(url, clientId);
  await post(url, ['', '/a', '/a/b', '/x/y/z'].map((name) => ({ channel: base + name, data: DATA })));
  assert.deepEqual(await held, [{ channel: `${base}/a`, data: DATA }, { channel: `${base}/x/y/z`, data: DATA }]);

  const [gone] = await post(url, [{ channel: '/meta/unsubscribe', clientId, subscription: `${base}/*` }]);
  assert.equal(gone.successful, true);
  await post(url, [{ channel: `${base}/a`, data: 1 }, { channel: `${base}/x/y`, data: 2 }]);
  assert.deepEqual(await poll(url, clientId), [{ channel: `${base}/x/y`, data: 2 }]);

  const [bye] = await post(url, [{ channel: '/meta/disconnect', clientId }]);
  assert.equal(bye.successful, true);
  const [late] = await post(url, [{ channel: '/meta/connect', clientId, connectionType: 'long-polling' }]);
  assert.equal(late.error, `401:${clientId}:Unknown client`);
});

test('curl long-polling: 1,000 in order', { faye: true }, async (t) => {
  const { url } = await t.server();
  const clientId = await shakeHands(url), channel = freshChannel('o');
  await subscribe(url, clientId, channel);
  const transfers = Array.from({ length: COUNT }, (_, data) => {
    const body = JSON.stringify(JSON.stringify({ channel, data })); // curl's quoting is JSON's
    return `url = "${url}"\njson = ${body}\noutput = /dev/null\n`;
  });
  const published = curlWith(transfers.join('next\n'), '--config', '-');
  const got = [];
  while (got.length < COUNT) got.push(...await connect(url, clientId));
  await published;
  assert.deepEqual(got.map(({ data }) => data), Array.from({ length: COUNT }, (_, data) => data));
  assert.deepEqual(await poll(url, clientId), []);
});

test('curl long-polling: restart', { faye: true }, async (t) => {
  const { url } = await t.server(), { url: another } = await t.server();
  const stale = await shakeHands(url);
  const [reply] = await post(another, [{ channel: '/meta/connect', clientId: stale, connectionType: 'long-polling' }]);
  assert.deepEqual([reply.error, reply.advice.reconnect], [`401:${stale}:Unknown client`, 'handshake']);
  const clientId = await shakeHands(another), channel = freshChannel('r');
  await subscribe(another, clientId, channel);
  await post(another, [{ channel, data: 'after' }]);
  assert.deepEqual(await poll(another, clientId), [{ channel, data: 'after' }]);
});

// How a message may be put into a request: what publishes, and what the answer must be besides right.
const JSON_TYPE = ['--header', 'Content-Type: application/json'];
const WAYS = {
  'long-polling: JSON': { args: (text) => ['--json', text] },
  'long-polling: form': { args: (text) => ['--data-urlencode', `message=${text}`] },
  'long-polling: HTTP/1.0': { args: (text) => ['--http1.0', '--json', text] },
  'long-polling: chunked body': { args: (text) => [...JSON_TYPE, '--header', 'Transfer-Encoding: chunked', '--data-binary', text] },
  'long-polling: Expect: 100-continue': {
    args: (text) => [...JSON_TYPE, '--header', 'Expect: 100-continue', '--expect100-timeout', '30', '--data-binary', text],
    check: ({ heads }) => assert.match(heads[0], /^HTTP\/1.1 100 /),
  },
  'callback-polling: GET': {
    args: (text) => ['--get', '--data-urlencode', `message=${text}`, '--data-urlencode', 'jsonp=app.take'],
    read: (body) => JSON.parse(/^\/\*\*\/app\.take\((.*)\);$/s.exec(body)[1]),
    check: ({ heads }) => assert.match(heads[0], /^content-type: text\/javascript; charset=utf-8\r$/im),
  },
};

for (const [name, { args, read = JSON.parse, check = () => {} }] of Object.entries(WAYS)) {
  test(`curl ${name}`, { faye: true }, async (t) => {
    const { url } = await t.server();
    const channel = freshChannel('p');
    const ask = async (message) => {
      const answer = await curl(...args(JSON.stringify(message)), url);
      assert.match(answer.heads.at(-1), /^HTTP\/1.[01] 200 /);
      check(answer);
      return read(answer.body);
    };
    const [{ clientId }] = await ask(handshakeMessage);
    const [subscribed] = await ask({ channel: '/meta/subscribe', clientId, subscription: channel });
    assert.equal(subscribed.successful, true);
    const held = ask({ channel: '/meta/connect', clientId, connectionType: 'long-polling', id: 'c' });
    assert.deepEqual(await ask({ channel, data: DATA, id: 'p' }), [{ id: 'p', channel, successful: true }]);
    const [connected, message] = await held;
    assert.deepEqual([connected.successful, connected.id], [true, 'c']);
    assert.deepEqual(message, { channel, data: DATA, id: 'p' });
  });
}
