// What balancers ask, byte for byte as they do.
import assert from 'node:assert/strict';
import { send, handshake } from '../lib/bayeux.mjs';
import { test } from '../lib/harness.mjs';
import { Tcp, rawExchange, request, upgrade } from '../lib/tcp.mjs';

// One answer and all that is behind it: { status, head, body }.
async function ask(t, port, bytes) {
  const tcp = await Tcp.open(t, port);
  await tcp.write(bytes);
  const [head, body] = (await tcp.end()).split('\r\n\r\n');
  return { status: Number(head.slice(9, 12)), head: `${head}\r\n`, body };
}

const asked = {
  'GET': 'GET /health HTTP/1.1\r\nHost: node\r\nConnection: close\r\n\r\n',
  'GET with a query': 'GET /health?from=balancer HTTP/1.1\r\nHost: node\r\nConnection: close\r\n\r\n',
  'HEAD': 'HEAD /health HTTP/1.1\r\nHost: node\r\nConnection: close\r\n\r\n',
  'HAProxy: option httpchk': 'OPTIONS / HTTP/1.0\r\n\r\n',
  'HAProxy: option httpchk /health': 'OPTIONS /health HTTP/1.0\r\n\r\n',
  'HAProxy: option httpchk GET /health': 'GET /health HTTP/1.0\r\n\r\n',
  'HAProxy: http-check send': 'GET /health HTTP/1.1\r\nhost: fayed\r\nconnection: close\r\n\r\n',
};

for (const [what, bytes] of Object.entries(asked)) {
  test(`health: ${what}`, async (t) => {
    const { port } = await t.server({ origin: 'https://example.com' });
    const { status, head, body } = await ask(t, port, bytes);
    assert.equal(status, 200, head);
    assert.equal(body, what === 'HEAD' ? '' : 'ok');
    assert.match(head, /^Content-Length: 2\r$/m);
    assert.match(head, /^Content-Type: text\/plain; charset=utf-8\r$/m);
    assert.match(head, /^Cache-Control: no-store\r$/m);
  });
}

test('health: no page reads it', async (t) => {
  const { port } = await t.server();
  for (const method of ['GET', 'OPTIONS']) {
    const { status, head } = await ask(t, port, request([`${method} /health HTTP/1.1`, 'Host: node', 'Connection: close',
      'Origin: https://example.com', 'Access-Control-Request-Method: POST']));
    assert.equal(status, 200);
    assert.doesNotMatch(head, /^Access-Control/mi);
  }
});

test('health: nothing else is answered so', async (t) => {
  const { port } = await t.server();
  for (const line of ['POST /health', 'PUT /health', 'GET /', 'HEAD /', 'GET /health/', 'GET /healthy', 'GET /x/health', 'POST /']) {
    const { status, body } = await ask(t, port, request([`${line} HTTP/1.1`, 'Host: node', 'Connection: close', 'Content-Length: 0']));
    assert.equal(status, 404, line);
    assert.equal(body, line.startsWith('HEAD') ? '' : 'Not found');
  }
});

test('health: it is no place for a WebSocket, on a fresh connection or a kept one', async (t) => {
  const { port } = await t.server();
  assert.equal((await rawExchange(t, port, upgrade(port, '/health'))).status, 404);
  const tcp = await Tcp.open(t, port);
  tcp.write(asked.GET.replace('Connection: close\r\n', ''));
  await tcp.until(/\r\n\r\nok$/);
  tcp.write(upgrade(port, '/health'));
  await tcp.until(/\r\n\r\nokHTTP\/1.1 404 [^]*\r\n\r\nNot found$/);
});

test('health: a mount wins', async (t) => {
  const health = ['GET /health HTTP/1.1', 'Host: node', 'Connection: close'];
  for (const mount of ['/health', '/']) {
    const { port } = await t.server({ mount });
    assert.equal((await send(`http://127.0.0.1:${port}/health`, [handshake()]))[0].successful, true);
    assert.equal((await ask(t, port, request(health))).status, 400, mount); // callback-polling without messages
  }
  const { port } = await t.server({ mount: '/health/chat' });
  assert.equal((await ask(t, port, request(health))).status, 200);
});

test('health: a full server is not to get more', async (t) => {
  const { port } = await t.server({ 'limit-connections': 1 });
  const tcp = await Tcp.open(t, port);
  tcp.write(asked.GET.replace('Connection: close\r\n', ''));
  await tcp.until(/\r\n\r\nok$/);
  assert.equal((await ask(t, port, asked['HAProxy: option httpchk GET /health'])).status, 503);
});
