// The face it shows to who runs it: options, exit codes, signals.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { Session, exchange, post } from '../lib/bayeux.mjs';
import { Server } from '../../../conformance/server.mjs';
import { test } from '../lib/harness.mjs';
import { Socket } from '../lib/socket.mjs';
import { rawExchange, upgrade } from '../lib/tcp.mjs';
import { within } from '../lib/wait.mjs';

// A run that ends by itself: { code, out, err }.
async function run(t, ...args) {
  const [program, ...first] = t.command;
  const child = spawn(program, [...first, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  t.defer(() => child.kill('SIGKILL'));
  let out = '', err = '';
  child.stdout.on('data', (text) => { out += text; });
  child.stderr.on('data', (text) => { err += text; });
  const [code] = await within(once(child, 'close'), () => `fayed ${args.join(' ')} to end: ${err}`);
  return { code, out, err };
}

test('daemon: --version', async (t) => {
  const { code, out, err } = await run(t, '--version');
  assert.equal(code, 0);
  assert.match(out, /^fayed \d+\.\d+\S*\n/);
  assert.equal(err, '');
});

test('daemon: --help names the options', async (t) => {
  const { code, out, err } = await run(t, '--help');
  assert.equal(code, 0);
  for (const option of ['--listen', '--mount', '--timeout', '--ping', '--config', '--check', '--version', '--limit-message-bytes']) {
    assert.ok(out.includes(option), `${option} in ${out}`);
  }
  assert.equal(err, '');
});

test('daemon: --check says what would be and ends', async (t) => {
  const { code, out } = await run(t, '--check', '--timeout', '7', '--listen', '127.0.0.1:0');
  assert.equal(code, 0);
  assert.match(out, /timeout = 7/);
});

test('daemon: a wrong option ends with 2 and one line that names it', async (t) => {
  for (const [args, named] of [[['--nonsense'], '--nonsense'], [['--timeout', 'soon'], 'timeout'], [['--timeout'], 'timeout'],
    [['--listen', 'nowhere'], 'nowhere'], [['--mount', 'x'], 'mount'], [['--limit-nesting', '0'], 'limit-nesting'],
    [['--config', '/does/not/exist'], '/does/not/exist'], [['stray'], 'stray'], [['--check', '--ping', '-1'], 'ping'],
    [['--client-dir', '/does/not/exist'], '/does/not/exist'], [['--check', '--client-dir', '/dev'], 'client.js']]) {
    const { code, out, err } = await run(t, ...args);
    assert.equal(code, 2, `${args}: ${err}`);
    assert.equal(out, '');
    assert.match(err, /^[^\n]+\n$/);
    assert.ok(err.includes(named), `${named} in ${err}`);
  }
});

test('daemon: a port in use ends with 1 and one line', async (t) => {
  const other = net.createServer().listen(0, '127.0.0.1');
  t.defer(() => other.close());
  await once(other, 'listening');
  const { port } = other.address();
  const { code, err } = await run(t, '--listen', `127.0.0.1:${port}`);
  assert.equal(code, 1);
  assert.match(err, /^[^\n]+\n$/);
  assert.ok(err.includes(String(port)), err);
});

test('daemon: two of them do not share a port', async (t) => {
  const { port } = await t.server();
  const { code, err } = await run(t, '--listen', `127.0.0.1:${port}`);
  assert.equal(code, 1);
  assert.match(err, /^[^\n]+\n$/);
});

test('daemon: says once where it is ready', async (t) => {
  const server = await t.server({ mount: '/elsewhere/faye' });
  assert.match(server.stderr, /^fayed \d+\.\d+\S* ready on http:\/\/127\.0\.0\.1:\d+\/elsewhere\/faye$/m);
  await Session.open(server.url);
});

for (const signal of ['SIGTERM', 'SIGINT']) {
  test(`daemon: ${signal} ends it in good order with polls and sockets open`, async (t) => {
    const server = await t.server({ timeout: 60 });
    t.forget(server);
    const sockets = [], polls = [];
    for (let count = 0; count < 20; count++) {
      const session = await Session.open(server.url), socket = await Socket.open(t, server.url);
      await socket.connect(session);
      sockets.push(socket);
      polls.push(await (await Session.open(server.url)).hold());
    }
    const unheard = post(server.url, '[]', { headers: { 'Content-Length': 100 } }); // its body will not come
    const complaints = await server.stop(signal);
    assert.deepEqual(complaints, []);
    for (const socket of sockets) await within(socket.closed, () => 'a socket to be closed');
    for (const poll of polls) await poll.answer.catch(() => {}); // answered or hung up: ended it must be
    await unheard.answer.catch(() => {});
  });
}

test('daemon: a second signal does not hurt', async (t) => {
  const server = await t.server();
  t.forget(server);
  server.signal('SIGTERM');
  assert.deepEqual(await server.stop('SIGINT'), []);
});

test('daemon: what is not below the mount is not found', { faye: true }, async (t) => {
  const { url, port } = await t.server();
  for (const path of ['/', '/bayeu', '/bayeuxfoo', '/Bayeux', '/x/bayeux', '/favicon.ico']) {
    const { status } = await exchange(new URL(path, url), '[]');
    assert.equal(status, 404, path);
  }
});

test('daemon: an upgrade that is not below the mount is not found', async (t) => {
  const { port } = await t.server();
  for (const path of ['/', '/elsewhere', '/bayeuxfoo']) {
    assert.equal((await rawExchange(t, port, upgrade(port, path))).status, 404, path);
  }
});

test('daemon: several mounts and several addresses', async (t) => {
  const args = ['--listen', '127.0.0.1:0', '--listen', '[::1]:0', '--mount', '/a', '--mount', '/b'];
  const server = await Server.start(t.command, args);
  t.defer(() => server.kill());
  for (const mount of ['/a', '/b']) await Session.open(new URL(mount, server.url).href);
  assert.deepEqual(await server.stop(), []);
});
