// The client script and its maps, as pages and caches ask for them.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import zlib from 'node:zlib';
import { createRequire } from 'node:module';
import { Server } from '../../../conformance/server.mjs';
import { Session, freshChannel, handshake } from '../lib/bayeux.mjs';
import { test } from '../lib/harness.mjs';
import { Tcp, request } from '../lib/tcp.mjs';
import { within } from '../lib/wait.mjs';

const folder = path.dirname(createRequire(import.meta.url).resolve('faye/client/faye-browser-min.js'));
const file = (name) => fs.readFileSync(path.join(folder, name));
const withScripts = { 'client-dir': folder };

// One exchange; the path goes out as it is given. Resolves to { status, headers, bytes }.
function ask(port, path, { method = 'GET', headers, body = '', agent = false } = {}) {
  const answer = new Promise((done, fail) => {
    const asked = http.request({ host: '127.0.0.1', port, method, path, headers, agent }, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('end', () => done({ status: response.statusCode, headers: response.headers, bytes: Buffer.concat(chunks), reused: asked.reusedSocket }));
      response.on('error', fail);
    });
    asked.on('error', fail);
    asked.end(body);
  });
  return within(answer, () => `an answer to ${method} ${path}`);
}

const nothing = ({ status, headers, bytes }) => status === 404 && bytes.length === 0 && !headers['content-type'];

// A folder of the test's own, with a client.
function ownFolder(t, client = 'client();') {
  const own = fs.mkdtempSync(path.join(os.tmpdir(), 'fayed-scripts-'));
  t.defer(() => fs.rmSync(own, { recursive: true }));
  fs.mkdirSync(path.join(own, 'public'));
  fs.writeFileSync(path.join(own, 'public/client.js'), client);
  fs.writeFileSync(path.join(own, 'secret.js'), 'secret();');
  return own;
}

test('script: each name gives its file, byte for byte, plain and by gzip', async (t) => {
  const { port } = await t.server(withScripts);
  const names = { '/bayeux.js': 'faye-browser-min.js', '/bayeux/client.js?v=1': 'faye-browser-min.js', '/bayeux/a/b/bayeux.js': 'faye-browser-min.js' };
  for (const name of fs.readdirSync(folder)) names[`/bayeux/${name}`] = name;
  assert.ok(Object.keys(names).length >= 7);
  for (const [target, name] of Object.entries(names)) {
    const plain = await ask(port, target), packed = await ask(port, target, { headers: { 'Accept-Encoding': 'br, gzip;q=0.5' } });
    const type = name.endsWith('.js') ? 'text/javascript; charset=utf-8' : 'application/json; charset=utf-8';
    for (const { status, headers } of [plain, packed]) {
      assert.equal(status, 200);
      assert.equal(headers['content-type'], type);
      assert.equal(headers.vary, 'Accept-Encoding');
    }
    assert.ok(plain.bytes.equals(file(name)), target);
    assert.equal(plain.headers['content-encoding'], undefined);
    assert.equal(packed.headers['content-encoding'], 'gzip');
    assert.ok(packed.bytes.length < plain.bytes.length / 2);
    assert.ok(zlib.gunzipSync(packed.bytes).equals(file(name)), target);
    assert.match(plain.headers.etag, /^"[0-9a-f]{40}"$/);
    assert.notEqual(plain.headers.etag, packed.headers.etag);
    assert.equal(Date.parse(plain.headers['last-modified']) / 1000, Math.floor(fs.statSync(path.join(folder, name)).mtimeMs / 1000));
  }
});

test('script: a copy that is still good is not sent again', async (t) => {
  const { port } = await t.server(withScripts);
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  t.defer(() => agent.destroy());
  const gzip = { 'Accept-Encoding': 'gzip' };
  const plain = (await ask(port, '/bayeux.js', { agent })).headers, packed = (await ask(port, '/bayeux.js', { agent, headers: gzip })).headers;
  const date = plain['last-modified'], hash = plain.etag.slice(1, -1);
  for (const [headers, etag] of [
    [{ 'If-None-Match': plain.etag }, plain.etag],
    [{ 'If-None-Match': `"x", W/${plain.etag}` }, plain.etag],
    [{ 'If-None-Match': packed.etag, ...gzip }, packed.etag],
    [{ 'If-None-Match': hash, ...gzip }, plain.etag], // as Faye gave it
    [{ 'If-None-Match': '*', ...gzip }, packed.etag],
    [{ 'If-Modified-Since': date }, plain.etag],
    [{ 'If-Modified-Since': date, ...gzip }, packed.etag],
  ]) {
    const { status, headers: got, bytes, reused } = await ask(port, '/bayeux.js', { agent, headers });
    assert.equal(status, 304, JSON.stringify(headers));
    assert.equal(bytes.length, 0);
    assert.equal(got.etag, etag);
    assert.equal(got['last-modified'], date);
    assert.equal(got.vary, 'Accept-Encoding');
    assert.equal(got['content-type'], undefined);
    assert.ok(reused);
  }
  for (const headers of [{ 'If-None-Match': '"x"' }, { 'If-None-Match': '"x"', 'If-Modified-Since': date }, { 'If-Modified-Since': 'soon' },
    { 'If-Modified-Since': 'Sun, 06 Nov 1994 08:49:37 GMT' }]) {
    const { status, bytes } = await ask(port, '/bayeux.js', { agent, headers });
    assert.equal(status, 200, JSON.stringify(headers));
    assert.ok(bytes.equals(file('faye-browser-min.js')));
  }
});

test('script: the method plays no part, and the connection goes on', async (t) => {
  const { port, url } = await t.server(withScripts);
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  t.defer(() => agent.destroy());
  const type = { 'Content-Type': 'application/json' };
  for (const [method, headers, body] of [
    ['POST', type, JSON.stringify([handshake()])], ['POST', { ...type, 'Transfer-Encoding': 'chunked' }, 'x'.repeat(100000)],
    ['POST', { ...type, Expect: '100-continue' }, '[]'], ['PUT', {}, 'x'], ['DELETE', {}, ''], ['GET', { 'Content-Length': 3 }, 'abc'],
    ['OPTIONS', { Origin: 'http://elsewhere', 'Access-Control-Request-Method': 'POST' }, ''], ['GET', { Accept: 'text/event-stream' }, ''],
  ]) {
    const { status, headers: got, bytes } = await ask(port, '/bayeux/client.js', { method, headers, body, agent });
    assert.equal(status, 200, method);
    assert.equal(got['access-control-allow-origin'], undefined);
    assert.ok(bytes.equals(file('faye-browser-min.js')), method);
    assert.ok(nothing(await ask(port, '/bayeux/unknown.js', { method, headers, body, agent })), method);
  }
  assert.ok((await ask(port, '/bayeux.js', { agent })).reused);
  await Session.open(url);
});

test('script: HEAD has no body, and the next answer follows', async (t) => {
  const { port } = await t.server(withScripts);
  const tcp = await Tcp.open(t, port);
  const host = `Host: 127.0.0.1:${port}`;
  tcp.write(Buffer.concat(['client.js', 'faye-browser.js.map', 'unknown.js']
    .map((name) => request([`HEAD /bayeux/${name} HTTP/1.1`, host])).concat(request(['GET /bayeux/x.map HTTP/1.1', host, 'Connection: close']))));
  const heads = (await tcp.end()).split('\r\n\r\n');
  assert.deepEqual(heads.map((head) => head.slice(0, 12)), ['HTTP/1.1 200', 'HTTP/1.1 200', 'HTTP/1.1 404', 'HTTP/1.1 404', '']);
  assert.match(heads[0], new RegExp(`^Content-Length: ${file('faye-browser-min.js').length}\r?$`, 'm'));
  assert.match(heads[1], new RegExp(`^Content-Length: ${file('faye-browser.js.map').length}\r?$`, 'm'));
});

test('script: too large a body is refused there too', async (t) => {
  const { port, url } = await t.server({ ...withScripts, 'limit-message-bytes': 1000 });
  for (const headers of [{ 'Transfer-Encoding': 'chunked' }, { 'Content-Length': 2000 }]) {
    assert.equal((await ask(port, '/bayeux.js', { method: 'POST', headers, body: 'x'.repeat(2000) })).status, 413);
  }
  await Session.open(url);
});

test('script: messages sent to a script are none', async (t) => {
  const { port, url } = await t.server(withScripts);
  const session = await Session.open(url), channel = freshChannel('script');
  await session.subscribe(channel);
  for (const path of ['/bayeux/client.js', '/bayeux/publish.js']) {
    await ask(port, path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ channel, data: 1 }) });
    await ask(port, `${path}?message=${encodeURIComponent(JSON.stringify({ channel, data: 2 }))}`);
  }
  await session.publish(channel, 3);
  assert.deepEqual((await session.poll()).messages.map(({ data }) => data), [3]);
});

test('script: any page may load it, and nothing else passes with it', async (t) => {
  const { port } = await t.server({ ...withScripts, origin: 'https://example.com' });
  for (const headers of [{}, { Origin: 'https://elsewhere.example' }, { Referer: 'https://elsewhere.example/page' }]) {
    assert.equal((await ask(port, '/bayeux/client.js', { headers })).status, 200, JSON.stringify(headers));
  }
  const upgrading = { Origin: 'https://elsewhere.example', Connection: 'Upgrade', Upgrade: 'websocket' };
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  t.defer(() => agent.destroy());
  await ask(port, '/bayeux/client.js', { agent });
  for (const again of [{}, { agent }]) assert.equal((await ask(port, '/bayeux/client.js', { headers: upgrading, ...again })).status, 403);
});

test('script: each mount has its own name for it', async (t) => {
  const args = ['--listen', '127.0.0.1:0', '--mount', '/a', '--mount', '/b/chat', '--client-dir', folder];
  const server = await Server.start(t.command, args);
  t.defer(() => server.kill());
  for (const path of ['/a.js', '/a/client.js', '/a/x/a.js', '/b/chat.js', '/b/chat/client.js', '/b/chat/faye-browser-min.js']) {
    assert.ok((await ask(server.port, path)).bytes.equals(file('faye-browser-min.js')), path);
  }
  for (const path of ['/a/chat.js', '/b/chat/a.js', '/a/b.js', '/a/bayeux.js', '/a.js.map']) assert.ok(nothing(await ask(server.port, path)), path);
  for (const path of ['/b.js', '/client.js', '/bayeux.js', '/b/client.js']) assert.match((await ask(server.port, path)).bytes.toString(), /^Not found/, path);
  assert.deepEqual(await server.stop(), []);
});

test('script: no path leads out of the folder', async (t) => {
  const own = ownFolder(t);
  const { port } = await t.server({ 'client-dir': path.join(own, 'public') });
  for (const path of ['/bayeux/../bayeux/../bayeux/secret.js', '/bayeux/..%2fsecret.js', '/bayeux/%2e%2e/secret.js', '/bayeux/%2e%2e%2fsecret.js',
    '/bayeux/..\\secret.js', '/bayeux//secret.js', '/bayeux/public/../secret.js', `/bayeux/${own}/secret.js`, `/bayeux/..${own}/secret.js`,
    '/bayeux/secret.js%00.js', '/bayeux/client.js%00', '/bayeux/.js', '/bayeux/..js', '/bayeux/client%2ejs', `/bayeux/${'../'.repeat(9)}bayeux/secret.js`]) {
    const { status, bytes } = await ask(port, path);
    assert.ok(status === 404 || status === 400, `${path}: ${status}`);
    assert.ok(!bytes.includes('secret'), path);
  }
  assert.match((await ask(port, '/bayeux/../../etc/passwd.js')).bytes.toString(), /^Not found/);
  for (const path of ['/bayeux/../bayeux/client.js', '/x/../bayeux.js', '/bayeux/%2e%2e/client.js']) {
    assert.equal((await ask(port, path)).bytes.toString(), 'client();', path);
  }
});

test('script: the folder is read at the start and never again', async (t) => {
  const own = ownFolder(t), within = (name) => path.join(own, 'public', name);
  const { port } = await t.server({ 'client-dir': path.join(own, 'public') });
  fs.writeFileSync(within('later.js'), 'later();');
  assert.ok(nothing(await ask(port, '/bayeux/later.js')));
  fs.writeFileSync(within('client.js'), 'changed();');
  assert.equal((await ask(port, '/bayeux.js')).bytes.toString(), 'client();');
  fs.unlinkSync(within('client.js'));
  assert.equal((await ask(port, '/bayeux/client.js')).bytes.toString(), 'client();');
});

test('script: a large one comes whole to who reads late', async (t) => {
  const large = Buffer.alloc(4 * 1024 * 1024, '0123456789');
  const { port, url } = await t.server({ 'client-dir': path.join(ownFolder(t, large), 'public') });
  const tcp = await Tcp.open(t, port);
  tcp.socket.pause();
  tcp.write(request(['GET /bayeux.js HTTP/1.1', `Host: 127.0.0.1:${port}`, 'Connection: close']));
  await Session.open(url); // others are not kept waiting
  tcp.socket.resume();
  await tcp.end();
  assert.ok(tcp.bytes.subarray(tcp.bytes.indexOf('\r\n\r\n') + 4).equals(large));
});

test('script: without a folder the script says what is missing', async (t) => {
  const { port } = await t.server();
  for (const path of ['/bayeux.js', '/bayeux/client.js']) {
    const { status, headers, bytes } = await ask(port, path, { headers: { 'If-None-Match': '*', 'Accept-Encoding': 'gzip' } });
    assert.equal(status, 200);
    assert.equal(headers['content-type'], 'text/javascript; charset=utf-8');
    assert.equal(headers['cache-control'], 'no-store');
    assert.equal(headers.etag, undefined);
    const said = [];
    new Function('console', bytes.toString())({ error: (text) => said.push(text) });
    assert.match(said.join(), /--client-dir .*client_dir.*node_modules\/faye\/client/);
  }
  for (const name of ['faye-browser-min.js', 'faye-browser-min.js.map', 'client.js.map']) assert.ok(nothing(await ask(port, `/bayeux/${name}`)), name);
});

test('script: says at the start how many there are', async (t) => {
  assert.match((await t.server(withScripts)).stderr, /^fayed: info: scripts: loaded files=4 dir=\/.*\/faye\/client$/m);
});
