// A connection's deadlines hold for each of its requests, not for the first alone, and for bodies as well as heads. Between
// requests it may rest.
import assert from 'node:assert/strict';
import { freshChannel } from '../lib/bayeux.mjs';
import { test } from '../lib/harness.mjs';
import { Pipeline, posting } from '../lib/pipeline.mjs';
import { Tcp, request, upgrade } from '../lib/tcp.mjs';
import { sleep } from '../lib/wait.mjs';

const batch = [{ channel: freshChannel('trickle'), data: 1, id: 't' }];

// Byte by byte, so slowly that it would take far longer than the limit. Resolves when the server has closed.
async function trickle(tcp, bytes) {
  let over = false;
  tcp.closed.then(() => { over = true; });
  const writing = (async () => {
    for (let at = 0; !over && at < bytes.length; at++) {
      await tcp.write(bytes.subarray(at, at + 1));
      await sleep(100);
    }
  })();
  await tcp.end();
  await writing;
}

for (const [what, late] of [['request', (port) => posting(port, batch)], ['upgrade', upgrade]]) {
  test(`trickle: the head of a second ${what} on a connection is cut off`, async (t) => {
    const { port } = await t.server({ 'limit-head': 2 });
    const tcp = await Tcp.open(t, port);
    tcp.write(posting(port, batch));
    await tcp.until(/"successful":true/);
    await trickle(tcp, late(port));
  });
}

test('trickle: a kept-alive connection may pause between requests', async (t) => {
  const { port } = await t.server({ 'limit-head': 2, 'limit-stall': 0.5 });
  const pipeline = await Pipeline.open(t, port);
  for (const pause of [3000, 0]) {
    assert.equal((await pipeline.ask(batch))[0][0].successful, true);
    await sleep(pause);
  }
});

for (const [what, head] of [['its length', 'Content-Length: 10000'], ['chunks', 'Transfer-Encoding: chunked']]) {
  test(`trickle: a body by ${what} is cut off`, async (t) => {
    const { port } = await t.server({ 'limit-stall': 0.3 });
    const tcp = await Tcp.open(t, port);
    tcp.write(request(['POST /bayeux HTTP/1.1', `Host: 127.0.0.1:${port}`, 'Content-Type: application/json', head]));
    await trickle(tcp, Buffer.from('1\r\n \r\n'.repeat(1000)));
    assert.doesNotMatch(tcp.text, /successful/);
  });
}
