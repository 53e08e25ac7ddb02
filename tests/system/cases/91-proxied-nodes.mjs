// Nodes behind HAProxy and nginx that come, go and misbehave. They share nothing here: which one answers shows.
import assert from 'node:assert/strict';
import http from 'node:http';
import { exchange, handshake, post } from '../lib/bayeux.mjs';
import { test } from '../lib/harness.mjs';
import { steadyPort } from '../lib/port.mjs';
import { Balancer } from '../lib/proxies.mjs';
import { Standin } from '../lib/standin.mjs';
import { Tcp, upgrade } from '../lib/tcp.mjs';
import { within } from '../lib/wait.mjs';

const KINDS = ['haproxy', 'nginx'];

// A node is known by the timeout that it advises.
const startNode = async (t, number, port) => t.server({ listen: `127.0.0.1:${port ?? await steadyPort()}`, timeout: number });

async function twoNodes(t, kind) {
  const nodes = [await startNode(t, 1), await startNode(t, 2)];
  return { nodes, proxy: await Balancer.start(t, kind, nodes) };
}

async function whoAnswers({ url }, options) {
  const { status, json, text } = await exchange(url, [handshake()], options);
  assert.equal(status, 200, text);
  return json[0].advice.timeout / 1000;
}

async function whoAnswersEach(proxy, count, options) {
  const answered = [];
  while (answered.length < count) answered.push(await whoAnswers(proxy, options));
  return answered;
}

const stopped = async (t, node) => {
  t.forget(node);
  assert.deepEqual(await node.stop(), []);
};

// A poll under way at the stand-in, which holds what it gets; the other node answers.
async function heldBy(t, standin, proxy) {
  for (;;) {
    const { answer, hangUp } = post(proxy.url, [handshake()]);
    t.defer(hangUp);
    const status = answer.then((reply) => reply.status, String);
    const there = standin.requests.has(1).then(() => 'held');
    if (await Promise.race([status, there]) === 'held') return { request: standin.requests.items[0], status, hangUp };
  }
}

for (const kind of KINDS) {
  test(`proxied nodes: ${kind} takes them in turn, whoever asks`, async (t) => {
    const { proxy } = await twoNodes(t, kind);
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    t.defer(() => agent.destroy());
    for (const options of [{ agent }, {}]) {
      const answered = await whoAnswersEach(proxy, 10, options);
      assert.ok(answered.every((node, index) => index === 0 || node !== answered[index - 1]), answered.join(' '));
    }
  });

  test(`proxied nodes: nobody notices through ${kind} that one has stopped, and it comes back`, async (t) => {
    const { nodes: [first], proxy } = await twoNodes(t, kind);
    await stopped(t, first);
    // From the first moment on: what cannot be connected is asked elsewhere.
    assert.deepEqual(await whoAnswersEach(proxy, 10), Array(10).fill(2));
    // Why differs: the node's end may have met a check half-way.
    if (kind === 'haproxy') await proxy.says(/fayed\/node1 is DOWN, /);
    assert.deepEqual(await whoAnswersEach(proxy, 10), Array(10).fill(2));
    await startNode(t, 1, first.port);
    if (kind === 'haproxy') await proxy.says(/fayed\/node1 is UP, /);
    while (await whoAnswers(proxy) !== 1); // nginx tries it when fail_timeout is over
    assert.deepEqual(new Set(await whoAnswersEach(proxy, 2)), new Set([1, 2]));
  });

  test(`proxied nodes: what one has got ${kind} sends to no other`, async (t) => {
    const nodes = [await Standin.start(t), await Standin.start(t)];
    for (const node of nodes) node.answer = 'reset';
    const proxy = await Balancer.start(t, kind, nodes);
    for (let asked = 1; asked <= 4; asked++) {
      const { status } = await exchange(proxy.url, [handshake()]);
      assert.equal(status, 502);
      assert.equal(nodes.reduce((sum, { requests }) => sum + requests.items.length, 0), asked);
    }
  });

  test(`proxied nodes: a client that goes takes its poll along through ${kind}`, async (t) => {
    const standin = await Standin.start(t);
    const proxy = await Balancer.start(t, kind, [standin]);
    const { request, hangUp } = await heldBy(t, standin, proxy);
    hangUp();
    await within(request.gone, () => 'the node\'s connection to end');
  });

  test(`proxied nodes: ${kind} tells them whose request it is`, async (t) => {
    const standin = await Standin.start(t);
    const proxy = await Balancer.start(t, kind, [standin]);
    post(proxy.url, [handshake()], { headers: { 'X-Forwarded-For': '192.0.2.1', 'X-Forwarded-Proto': 'gopher', Origin: 'https://example.com' } })
      .answer.catch(() => {}); // it is held
    const [{ line, headers }] = await standin.requests.has(1);
    assert.equal(line, 'POST /bayeux');
    assert.equal(headers['x-forwarded-for'], '127.0.0.1');
    assert.equal(headers['x-forwarded-proto'], 'http');
    assert.equal(headers.origin, 'https://example.com');
    assert.equal(headers.host, `127.0.0.1:${proxy.port}`);
  });
}

test('proxied nodes: one that is not well gets nothing new from haproxy, and keeps what it has', async (t) => {
  const standin = await Standin.start(t), real = await startNode(t, 2);
  const proxy = await Balancer.start(t, 'haproxy', [standin, real]);
  const { status } = await heldBy(t, standin, proxy);
  standin.health = 503;
  await proxy.says(/fayed\/node1 is stopping/);
  assert.deepEqual(await whoAnswersEach(proxy, 4), [2, 2, 2, 2]);
  assert.equal(await Promise.race([status, 'held']), 'held');

  standin.health = 200;
  const line = await proxy.says(/fayed\/node1 is UP, /);
  // A machine that is gone, or stands still: it is not waited for.
  standin.health = 0;
  await proxy.says(/fayed\/node1 is DOWN, /, line);
  assert.equal(await status, 502);
});

test('proxied nodes: WebSockets to one that stands still are ended by haproxy', async (t) => {
  const node = await startNode(t, 1);
  const proxy = await Balancer.start(t, 'haproxy', [node]);
  const tcp = await Tcp.open(t, proxy.port);
  tcp.write(upgrade(proxy.port));
  await tcp.until(/^HTTP\/1.1 101 [^]*\r\n\r\n/);
  node.signal('SIGSTOP');
  t.defer(() => node.signal('SIGCONT'));
  await proxy.says(/fayed\/node1 is DOWN, /);
  await tcp.end();
});
