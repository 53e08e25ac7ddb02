// Requests that come in whole are answered without libmicrohttpd, all others by it, and nobody can tell.
import assert from 'node:assert/strict';
import { Session, freshChannel, handshake } from '../lib/bayeux.mjs';
import { test } from '../lib/harness.mjs';
import { Pipeline, posting } from '../lib/pipeline.mjs';
import { Tcp, frame, rawExchange, request } from '../lib/tcp.mjs';
import { sleep } from '../lib/wait.mjs';

const range = (n) => Array.from({ length: n }, (_, i) => i);
const split = (bytes, at) => [bytes.subarray(0, at), bytes.subarray(at)];
const FORM = 'Content-Type: application/x-www-form-urlencoded';

// Ways to send a batch, each as the pieces that it comes in.
const WAYS = {
  'in one piece': (port, batch) => [posting(port, batch)],
  'its body behind its head': (port, batch) => {
    const bytes = posting(port, batch);
    return split(bytes, bytes.indexOf('\r\n\r\n') + 4);
  },
  'in two pieces, within the head': (port, batch) => split(posting(port, batch), 20),
  'in two pieces, within the body': (port, batch) => split(posting(port, batch), -5),
  'with a head of 5 kB': (port, batch) => [addLine(posting(port, batch), `X-Long: ${'x'.repeat(5000)}`)],
  'chunked': (port, batch) => {
    const body = JSON.stringify(batch);
    return [request(['POST /bayeux HTTP/1.1', `Host: 127.0.0.1:${port}`, 'Content-Type: application/json', 'Transfer-Encoding: chunked'],
      `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`)];
  },
  'as a form': (port, batch) => {
    const body = `message=${encodeURIComponent(JSON.stringify(batch))}`;
    return [request(['POST /bayeux HTTP/1.1', `Host: 127.0.0.1:${port}`, FORM, `Content-Length: ${body.length}`], body)];
  },
  'with a query': (port, batch) => [Buffer.from(posting(port, batch).toString().replace('/bayeux', '/bayeux?a=b'))],
  'with 100 kB': (port, batch) => [posting(port, [...batch, { channel: '/nobody', data: 'x'.repeat(100000) }])],
};

function addLine(bytes, line) {
  const [first, rest] = split(bytes, bytes.indexOf('\r\n') + 2);
  return Buffer.concat([first, Buffer.from(`${line}\r\n`), rest]);
}

async function sendPieces({ tcp }, pieces) {
  for (const piece of pieces) {
    await tcp.write(piece);
    await sleep(20); // each comes for itself
  }
}

for (const [first, one] of Object.entries(WAYS)) {
  for (const [second, other] of Object.entries(WAYS)) {
    if (first !== 'in one piece' && second !== 'in one piece') continue;
    test(`plain: ${first}, then ${second}, on one connection`, async (t) => {
      const { port } = await t.server({ 'limit-header-bytes': 16384 }), pipeline = await Pipeline.open(t, port);
      for (const way of [one, other, one]) {
        await sendPieces(pipeline, way(port, [handshake()]));
        const [[{ successful }]] = await pipeline.answers(1);
        assert.equal(successful, true);
      }
    });
  }
}

test('plain: requests that come at once are answered in their order', async (t) => {
  const { port } = await t.server({ workers: 2 }), count = 200;
  const pipelines = await Promise.all(range(4).map(() => Pipeline.open(t, port)));
  const batches = range(count).map((id) => [{ channel: '/a', data: id, id: String(id) }]);
  await Promise.all(pipelines.map(async (pipeline) => {
    const answers = await pipeline.ask(...batches);
    assert.deepEqual(answers.map(([{ id }]) => id), range(count).map(String));
  }));
});

test('plain: what is no JSON is refused, and the connection goes on', async (t) => {
  const { port } = await t.server(), tcp = await Tcp.open(t, port);
  for (const [i, text] of ['{', '[1,', 'nothing'].entries()) {
    tcp.write(posting(port, text));
    await tcp.until(new RegExp(`(HTTP/1.1 400 Bad Request[^]*Bad request){${i + 1}}`));
  }
  tcp.write(posting(port, [handshake()]));
  await tcp.until(/"successful":true/);
});

// As RFC 9112 2.2 has it.
test('plain: empty lines behind a body are let pass', async (t) => {
  const { port } = await t.server(), pipeline = await Pipeline.open(t, port), post = posting(port, [handshake()]);
  await sendPieces(pipeline, [Buffer.concat([post, Buffer.from('\r\n'), post, Buffer.from('\r\n')]), Buffer.from('\r'), Buffer.from('\n'), post]);
  for (const [{ successful }] of await pipeline.answers(3)) assert.equal(successful, true);
});

test('plain: a request behind a held one waits for its answer', async (t) => {
  const { url, port } = await t.server({ timeout: 60 }), channel = freshChannel('behind');
  const session = await Session.open(url), pipeline = await Pipeline.open(t, port);
  await session.subscribe(channel);
  await pipeline.send([session.connectMessage()]);
  await pipeline.send([{ channel: '/a', data: 1, id: 'behind' }]);
  await session.publish(channel, 'go on');
  const [held, behind] = await pipeline.answers(2);
  assert.equal(held.at(-1).data, 'go on');
  assert.equal(behind[0].id, 'behind');
});

test('plain: who says that it is his last request is answered and closed upon, whatever he sends behind it', async (t) => {
  const { port } = await t.server(), tcp = await Tcp.open(t, port);
  tcp.write(Buffer.concat([addLine(posting(port, [handshake()]), 'Connection: close'), Buffer.alloc(100000, 'x')]));
  const text = await tcp.end();
  assert.match(text, /^HTTP\/1\.1 200 OK\r\n[^]*\r\nConnection: close\r\n[^]*"successful":true/);
});

for (const [way, pieces] of Object.entries(WAYS)) {
  test(`plain: who shuts his side behind a request ${way} is answered, and closed upon`, async (t) => {
    const { port } = await t.server({ 'limit-header-bytes': 16384 }), tcp = await Tcp.open(t, port, { allowHalfOpen: true });
    tcp.socket.end(Buffer.concat(pieces(port, [handshake()])));
    assert.match(await tcp.end(), /"successful":true/);
  });

  test(`plain: who shuts his side within a request ${way} is closed upon`, async (t) => {
    const { port } = await t.server({ 'limit-header-bytes': 16384 }), tcp = await Tcp.open(t, port, { allowHalfOpen: true });
    tcp.socket.end(Buffer.concat(pieces(port, [handshake()])).subarray(0, -5));
    assert.equal(await tcp.end(), '');
  });
}

// His session is with another worker for some of these.
test('plain: who shuts his side behind a request hears the answer of another worker, too', async (t) => {
  const { url, port } = await t.server({ workers: 2 }), session = await Session.open(url);
  const batch = [{ channel: '/meta/subscribe', clientId: session.clientId, subscription: '/a' }];
  for (const _ of range(20)) {
    const tcp = await Tcp.open(t, port, { allowHalfOpen: true });
    tcp.socket.end(posting(port, batch));
    assert.match(await tcp.end(), /"successful":true/);
  }
});

test('plain: a WebSocket can begin on a connection that has posted', async (t) => {
  const { port } = await t.server(), tcp = await Tcp.open(t, port);
  tcp.write(posting(port, [handshake()]));
  await tcp.until(/"successful":true/);
  tcp.write(request(['GET /bayeux HTTP/1.1', `Host: 127.0.0.1:${port}`, 'Connection: Upgrade', 'Upgrade: websocket',
    'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==']));
  await tcp.until(/HTTP\/1\.1 101 /);
  tcp.write(frame(JSON.stringify([handshake()])));
  await tcp.until(/HTTP\/1\.1 101 [^]*"successful":true/);
});

// More than the kernel takes at once.
test('plain: who reads slowly gets a large answer whole, and then the next', async (t) => {
  const { url, port } = await t.server({ 'limit-queue-bytes': '64M', timeout: 60 }), channel = freshChannel('large');
  const session = await Session.open(url), pipeline = await Pipeline.open(t, port), count = 300;
  await session.subscribe(channel);
  for (const n of range(count)) await session.publish(channel, `${n} ${'x'.repeat(50000)}`);
  pipeline.tcp.socket.pause();
  await pipeline.send([session.connectMessage()]);
  await pipeline.send([{ channel: '/a', data: 1, id: 'behind' }]);
  await sleep(300); // it has filled what the kernel has room for
  pipeline.tcp.socket.resume();
  const [large, behind] = await pipeline.answers(2);
  assert.deepEqual(large.slice(1).map(({ data }) => Number.parseInt(data, 10)), range(count));
  assert.equal(behind[0].id, 'behind');
});

test('plain: a large answer to one who goes away harms nobody', async (t) => {
  const { url, port } = await t.server({ 'limit-queue-bytes': '64M', timeout: 60 }), channel = freshChannel('large');
  const session = await Session.open(url);
  await session.subscribe(channel);
  for (const n of range(200)) await session.publish(channel, `${n} ${'x'.repeat(50000)}`);
  const connect = session.connectMessage();
  for (const leave of [(socket) => socket.resetAndDestroy(), (socket) => socket.destroy()]) {
    const tcp = await Tcp.open(t, port);
    tcp.socket.pause();
    await tcp.write(posting(port, [connect]));
    await sleep(100);
    leave(tcp.socket);
  }
  const { tcp } = await rawExchange(t, port, posting(port, [connect]));
  await tcp.until(/"199 x+"/);
});
