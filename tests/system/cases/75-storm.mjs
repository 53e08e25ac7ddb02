// Many come at once, and more than there is room for.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { Session, freshChannel, handshake } from '../lib/bayeux.mjs';
import { isChunked } from '../lib/chunks.mjs';
import { test } from '../lib/harness.mjs';
import { cpuSeconds, hidesItsMemory, residentBytes } from '../lib/proc.mjs';
import { Socket } from '../lib/socket.mjs';
import { Tcp, frame, rawExchange, upgrade } from '../lib/tcp.mjs';
import { sleep } from '../lib/wait.mjs';

const SOCKETS = 2000, POLLS = 1000;
const range = (count) => Array.from({ length: count }, (_, index) => index);
const dataOf = (messages) => messages.filter(({ successful }) => successful === undefined).map(({ data }) => data);

async function listenOnSocket(t, url, channel) {
  const socket = await Socket.open(t, url);
  const { clientId } = await socket.ask(handshake());
  const { successful } = await socket.ask({ channel: '/meta/subscribe', clientId, subscription: channel });
  assert.equal(successful, true);
  socket.send([{ channel: '/meta/connect', clientId, connectionType: 'websocket', id: 'held' }]);
  return async (count) => dataOf(await socket.delivered(count));
}

async function listenByPoll(url, channel) {
  const session = await Session.open(url);
  await session.subscribe(channel);
  const held = session.connect(), heard = [];
  return async (count) => {
    if (!heard.length) heard.push(...dataOf(await held.answer.then(({ json }) => json)));
    while (heard.length < count) heard.push(...(await session.poll()).messages.map(({ data }) => data));
    return heard;
  };
}

test(`storm: ${SOCKETS + POLLS} clients at once, and each hears all once`, { alone: true }, async (t) => {
  const { url } = await t.server({ timeout: 60, ping: 0 });
  const channel = freshChannel('storm');
  const listeners = await Promise.all([
    ...range(SOCKETS).map(() => listenOnSocket(t, url, channel)),
    ...range(POLLS).map(() => listenByPoll(url, channel)),
  ]);
  const speaker = await Session.open(url);
  for (const number of [1, 2]) await speaker.publish(channel, number);
  for (const heard of await Promise.all(listeners.map((hear) => hear(2)))) assert.deepEqual(heard, [1, 2]);
});

// What docs/memory.md counts, with room for what a server of so few has besides. One after the other, or the storm itself
// would count.
for (const [what, most, listen] of [
  ['a WebSocket', 1536, listenOnSocket],
  [isChunked() ? 'a poll of libmicrohttpd' : 'a poll', isChunked() ? 10240 : 2048, (t, url, channel) => listenByPoll(url, channel)],
]) {
  test(`storm: an idle client takes less than ${most} bytes: ${what}`, { alone: true }, async (t) => {
    const server = await t.server({ timeout: 60, ping: 0 });
    const { url } = server, channel = freshChannel('idle');
    for (const _ of range(20)) await listen(t, url, channel); // whatever is there from the first one on
    const before = residentBytes(server), listeners = [];
    for (const _ of range(1000)) listeners.push(await listen(t, url, channel));
    const grown = (residentBytes(server) - before) / listeners.length;
    if (!hidesItsMemory(server)) assert.ok(grown < most, `${grown} bytes`);
    const speaker = await Session.open(url);
    await speaker.publish(channel, 1);
    for (const heard of await Promise.all(listeners.map((hear) => hear(1)))) assert.deepEqual(heard, [1]);
  });
}

// Spinning would take all of it.
async function assertQuiet(server) {
  const before = cpuSeconds(server);
  await sleep(1000);
  const used = cpuSeconds(server) - before;
  assert.ok(used < 0.5, `${used} s of CPU in a second`);
}

async function assertServed(tcp) {
  tcp.write(frame(JSON.stringify([handshake()])));
  await tcp.until(/"successful":true/);
}

test('storm: out of descriptors, who comes is told so, and who is there is served', async (t) => {
  const server = await t.server({ files: 64, workers: 2 }), { port } = server;
  const come = () => rawExchange(t, port, upgrade(port));
  const comeIn = async () => {
    for (;;) {
      const { status, tcp } = await come();
      if (status === 101) return tcp;
      assert.equal(status, 503);
    }
  };
  const inside = [];
  let last;
  while ((last = await come()).status === 101) inside.push(last.tcp);
  assert.match(last.text, /^HTTP\/1\.1 503 [^]*\r\nRetry-After: 10\r\n\r\nToo many connections$/);
  assert.ok(inside.length > 16 && inside.length < 64, `${inside.length} came in`);

  const crowd = await Promise.all(range(300).map(come));
  assert.deepEqual([...new Set(crowd.map(({ status }) => status))], [503]);
  await assertQuiet(server);
  await Promise.all(inside.map(assertServed));
  assert.ok(server.stderr.match(/out of descriptors/g).length <= 2, server.stderr); // one a second and worker

  const leaving = inside.splice(0, 16);
  for (const tcp of leaving) tcp.socket.destroy();
  for (const _ of leaving) inside.push(await comeIn());
  await Promise.all(inside.slice(-16).map(assertServed));
  assert.equal((await come()).status, 503);
});

const allowFiles = ({ pid }, count) => execFileSync('prlimit', ['--pid', String(pid), `--nofile=${count}:`]);

// Not even those that are kept for ourselves may be had.
test('storm: no descriptor at all: who comes waits until there are some', async (t) => {
  const server = await t.server({ files: 512, workers: 2 }), { port } = server;
  const before = await Tcp.open(t, port);
  before.write(upgrade(port));
  await before.until(/^HTTP\/1\.1 101 /);
  allowFiles(server, 3);
  const waiting = range(20).map(() => rawExchange(t, port, upgrade(port)));
  await assertServed(before);
  await assertQuiet(server);
  assert.match(server.stderr, /accepting pauses/);
  allowFiles(server, 512);
  for (const { status, tcp } of await Promise.all(waiting)) {
    assert.equal(status, 101);
    await assertServed(tcp);
  }
});
