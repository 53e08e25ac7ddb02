// Whose pages may connect: any by default, as with Faye; with a list those alone, whichever way they try, on a fresh
// connection and on one that was kept alive. Who is refused has done nothing.
import assert from 'node:assert/strict';
import http from 'node:http';
import { once } from 'node:events';
import { Session, freshChannel, handshake } from '../lib/bayeux.mjs';
import { Events } from '../lib/events.mjs';
import { test } from '../lib/harness.mjs';
import { Pipeline } from '../lib/pipeline.mjs';
import { Socket } from '../lib/socket.mjs';
import { within } from '../lib/wait.mjs';

const FRIEND = 'https://app.example.com', EVIL = 'https://app.example.com.evil.com';
const UPGRADE = { Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': 13, 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==' };

// One request and its answer: { status, headers, text, port }, the port being ours.
async function ask(url, { method = 'GET', headers = {}, body = '', agent = false }) {
  const request = http.request(url, { method, agent, headers: { 'Content-Length': Buffer.byteLength(body), ...headers } });
  request.end(body);
  const answered = new Promise((done, fail) => {
    request.on('error', fail);
    request.on('upgrade', (response, socket) => { done({ response, text: '', port: socket.localPort }); socket.destroy(); });
    request.on('response', async (response) => {
      const port = response.socket.localPort, chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      await once(response, 'end');
      done({ response, text: Buffer.concat(chunks).toString(), port });
    });
  });
  const { response, text, port } = await within(answered, () => `an answer to ${method} ${url}`);
  return { status: response.statusCode, headers: response.headers, text, port };
}

// The ways in. Each publishes `batch`, where it carries messages at all.
const ways = {
  json: (batch) => ({ method: 'POST', headers: { 'Content-Type': 'application/json' }, body: batch }),
  form: (batch) => ({ method: 'POST', headers: { 'Content-Type': 'text/plain' }, body: `message=${encodeURIComponent(batch)}` }),
  script: (batch) => ({ query: `?jsonp=f&message=${encodeURIComponent(batch)}` }),
  preflight: () => ({ method: 'OPTIONS', headers: { 'Access-Control-Request-Method': 'POST' } }),
  socket: () => ({ headers: UPGRADE }),
  events: () => ({ headers: { Accept: 'text/event-stream' } }),
};

function go(url, way, batch, headers, agent) {
  const { query = '', headers: own, ...rest } = ways[way](JSON.stringify(batch));
  return ask(url + query, { ...rest, headers: { ...own, ...headers }, agent });
}

// A connection that has had a request already, of one who says nothing of himself.
async function keptAlive(t, url, by = 'json') {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  t.defer(() => agent.destroy());
  const { status, port } = await go(url, by, [handshake()], {}, agent);
  assert.equal(status, 200);
  return { agent, port };
}

async function listener(url) {
  const session = await Session.open(url), channel = freshChannel('origins');
  await session.subscribe(channel);
  return { session, batch: [{ channel, data: 'x' }], heard: async () => (await session.poll()).messages.length };
}

const allowed = ({ headers }) => headers['access-control-allow-origin'];
const corsHeaders = ({ headers }) => Object.keys(headers).filter((name) => name.startsWith('access-control-'));

function assertRefused(answer, what) {
  assert.equal(answer.status, 403, what);
  assert.match(answer.headers['content-type'], /^text\/plain/);
  assert.equal(answer.text, 'Origin not allowed');
  assert.deepEqual(corsHeaders(answer), []);
}

test('origins: any by default', { faye: true }, async (t) => {
  const { url } = await t.server();
  const { batch, heard } = await listener(url);
  for (const way of ['json', 'form', 'script', 'preflight']) {
    const answer = await go(url, way, batch, { Origin: EVIL });
    assert.equal(answer.status, 200, way);
    assert.equal(allowed(answer), EVIL);
  }
  assert.equal(await heard(), 3);
  assert.equal((await go(url, 'socket', [], { Origin: EVIL })).status, 101);
  assert.equal(allowed(await go(url, 'preflight', [], {})), '*');
});

test('origins: by default Vary says that the answer depends on it', async (t) => {
  const { url } = await t.server();
  for (const way of ['json', 'form', 'script', 'preflight']) {
    assert.equal((await go(url, way, [handshake()], { Origin: EVIL })).headers.vary, 'Origin', way);
  }
});

const connections = {
  'a fresh connection': () => ({ agent: false }),
  'one that was kept alive': keptAlive,
  'one that was kept alive by a form': (t, url) => keptAlive(t, url, 'form'),
};
for (const [what, connection] of Object.entries(connections)) {
  for (const way of ['json', 'form', 'script', 'preflight', 'socket']) {
    test(`origins: a listed one gets in by ${way} on ${what}`, async (t) => {
      const { url } = await t.server({ origin: ['null', FRIEND] });
      const { batch, heard } = await listener(url);
      const { agent, port } = await connection(t, url);
      const answer = await go(url, way, batch, { Origin: FRIEND }, agent);
      assert.equal(answer.status, way === 'socket' ? 101 : 200);
      if (port) assert.equal(answer.port, port, 'the same connection');
      if (way !== 'socket') {
        assert.equal(allowed(answer), FRIEND);
        assert.equal(answer.headers['access-control-allow-credentials'], 'true');
        assert.equal(answer.headers.vary, 'Origin');
      }
      assert.equal(await heard(), way === 'socket' || way === 'preflight' ? 0 : 1);
    });
  }

  for (const way of Object.keys(ways)) {
    test(`origins: another is refused by ${way} on ${what}`, async (t) => {
      const { url } = await t.server({ origin: FRIEND });
      const { batch, heard } = await listener(url);
      for (const origin of [EVIL, 'null', 'http://app.example.com', 'https://app.example.com:8443', 'https://example.com', `${FRIEND}/`, '']) {
        const { agent, port } = await connection(t, url);
        const answer = await go(url, way, batch, { Origin: origin, Referer: `${FRIEND}/` }, agent);
        assertRefused(answer, origin);
        if (port) assert.equal(answer.port, port, 'the same connection');
      }
      assert.equal(await heard(), 0);
    });
  }
}

// Same-origin requests of a page and old browsers' scripts have no Origin, but mostly this.
test('origins: the Referer counts where there is no Origin', async (t) => {
  const { url } = await t.server({ origin: FRIEND });
  const { batch, heard } = await listener(url);
  for (const way of ['json', 'form', 'script', 'preflight']) {
    const answer = await go(url, way, batch, { Referer: `${FRIEND}/page?x#y` });
    assert.equal(answer.status, 200, way);
    assert.deepEqual(corsHeaders(answer), [], way);
  }
  assert.equal(await heard(), 3);
  for (const way of Object.keys(ways)) {
    for (const page of [`${EVIL}/`, `https://evil.com/${FRIEND}`, `https://evil.com?${FRIEND}/`, `${FRIEND}@evil.com/`, 'nonsense']) {
      assertRefused(await go(url, way, batch, { Referer: page }), page);
    }
  }
  assert.equal(await heard(), 0);
});

test('origins: who names nothing passes, as programs do', async (t) => {
  const { url } = await t.server({ origin: FRIEND });
  const { session, batch, heard } = await listener(url);
  assert.equal((await go(url, 'json', batch, {})).status, 200);
  assert.equal((await go(url, 'form', batch, {})).status, 200);
  assert.equal(await heard(), 2);
  const socket = await Socket.open(t, url);
  assert.equal((await socket.connect(session)).successful, true);
  const answer = await go(url, 'preflight', [], {});
  assert.equal(answer.status, 200);
  assert.deepEqual(corsHeaders(answer), []);
  assert.equal(answer.headers.vary, 'Origin');
});

// <script src referrerpolicy=no-referrer>: any page can leave both away.
test('origins: a script that names nothing is refused', async (t) => {
  const { url } = await t.server({ origin: FRIEND });
  const { batch, heard } = await listener(url);
  assertRefused(await go(url, 'script', batch, {}));
  const { agent } = await keptAlive(t, url);
  assertRefused(await go(url, 'script', batch, {}, agent));
  assert.equal(await heard(), 0);
});

test('origins: errors are for the listed to read as well', async (t) => {
  const { url } = await t.server({ origin: FRIEND });
  for (const [origin, reader] of [[FRIEND, FRIEND], [EVIL, undefined]]) {
    const elsewhere = await ask(new URL('/elsewhere', url), { headers: { Origin: origin } });
    assert.equal(elsewhere.status, 404);
    assert.equal(allowed(elsewhere), reader);
    assert.equal(elsewhere.headers.vary, 'Origin');
    const headers = { Origin: origin, 'Transfer-Encoding': 'gzip', 'Content-Length': [] };
    const { agent } = await keptAlive(t, url, 'form');
    const coded = await ask(url, { method: 'POST', headers, agent });
    assert.equal(coded.status, 501);
    assert.equal(allowed(coded), reader);
  }
});

// A cache that keeps an error for who names no origin must not give it to who does.
test('origins: errors say that they differ by origin, whoever asks', async (t) => {
  for (const origin of [[], FRIEND]) {
    const { url } = await t.server({ origin });
    for (const [path, method, status] of [['/elsewhere', 'GET', 404], ['/bayeux/unknown', 'PUT', 400], ['/bayeux', 'HEAD', 400]]) {
      const answer = await ask(new URL(path, url), { method });
      assert.equal(answer.status, status);
      assert.equal(answer.headers.vary, 'Origin', `${method} ${path}`);
    }
  }
});

test('origins: all below a name', async (t) => {
  const { url } = await t.server({ origin: ['https://*.example.com', 'http://[::1]:3000'] });
  for (const origin of [FRIEND, 'HTTPS://A.B.EXAMPLE.COM', 'https://a.example.com:443', 'http://[::1]:3000']) {
    assert.equal(allowed(await go(url, 'preflight', [], { Origin: origin })), origin);
    assert.equal((await go(url, 'socket', [], { Origin: origin })).status, 101);
  }
  for (const origin of ['https://example.com', 'https://evilexample.com', EVIL, 'https://evil.com/.example.com', 'http://[::1]']) {
    assertRefused(await go(url, 'preflight', [], { Origin: origin }));
    assertRefused(await go(url, 'socket', [], { Origin: origin }));
  }
});

test('origins: the log says what was refused, not at length', async (t) => {
  const server = await t.server({ origin: FRIEND });
  const hostile = `evil\tfayed: error: \xff${'x'.repeat(1500)}`;
  for (let count = 0; count < 50; count++) {
    assertRefused(await go(server.url, 'json', [], { Origin: hostile }));
    assertRefused(await go(server.url, 'socket', [], { Origin: hostile }));
  }
  t.forget(server);
  assert.deepEqual(await server.stop(), []);
  const lines = server.stderr.split('\n').filter((line) => line.includes('refused'));
  assert.ok(lines.length >= 1, server.stderr);
  for (const line of lines) {
    assert.match(line, /^fayed: warn: gate: refused origin=evil\?fayed:\?error:\?+x{10,100} \(if it is yours, add it to origins\) count=\d+$/);
  }
});

test('origins: an event source of a known client opens for a listed origin alone, fresh and kept alive', async (t) => {
  const { url, port } = await t.server({ timeout: 60, origin: FRIEND });
  const open = async (origin, options) => {
    const events = await Events.open(t, port, (await Session.open(url)).clientId, { lines: [`Origin: ${origin}`], ...options });
    if (events.status === 403) assert.match(events.head, /\r\nVary: Origin\r\n/);
    return events.status;
  };
  for (const [origin, status] of [[EVIL, 403], [FRIEND, 200]]) {
    assert.equal(await open(origin), status);
    const pipeline = await Pipeline.open(t, port);
    await pipeline.ask([{ channel: freshChannel(), data: 1 }]);
    assert.equal(await open(origin, { tcp: pipeline.tcp }), status);
  }
});
