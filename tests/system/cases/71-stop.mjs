// It ends in good order in the midst of its work: requests that are read, answered, upgraded or yet to be read.
import assert from 'node:assert/strict';
import { Session, freshChannel, handshake } from '../lib/bayeux.mjs';
import { test } from '../lib/harness.mjs';
import { Pipeline, posting } from '../lib/pipeline.mjs';
import { Tcp, frame, upgrade } from '../lib/tcp.mjs';

const ROUNDS = 6;
const CLIENTS = 16;

// Publishes and connects without a pause until the server is gone.
async function publishOn(t, { url, port }, count) {
  const session = await Session.open(url), channel = freshChannel('stop');
  const connect = () => session.connectMessage({ advice: { timeout: 0 } });
  const pipeline = await Pipeline.open(t, port);
  const ended = (async () => {
    try {
      for (let number = 0; ; number++) {
        await pipeline.ask([{ channel, data: number }], [connect(), { channel, data: number }], [{ channel, data: number }]);
        count();
      }
    } catch { /* the end */ }
  })();
  return { ended };
}

// The same with connections that post and then upgrade, all in one piece.
async function upgradeOn(t, { port }, count) {
  const bytes = Buffer.concat([posting(port, [handshake()]), upgrade(port), frame(JSON.stringify([handshake()]))]);
  const ended = (async () => {
    try {
      for (;;) {
        const tcp = await Tcp.open(t, port);
        tcp.write(bytes);
        await Promise.race([tcp.until(/ 101 [^]*"successful":true/), tcp.closed]);
        tcp.socket.destroy();
        count();
      }
    } catch { /* the end */ }
  })();
  return { ended };
}

for (const [what, clients] of [
  ['clients publish', [publishOn]],
  ['connections change to WebSocket', [publishOn, upgradeOn, upgradeOn, upgradeOn]],
]) {
  test(`stop: SIGTERM while ${what}`, async (t) => {
    for (let round = 0; round < ROUNDS; round++) {
      const server = await t.server({ timeout: 60 });
      t.forget(server);
      let done = 0, enough;
      const busy = new Promise((resolve) => { enough = resolve; });
      const count = () => { if (++done === CLIENTS * (1 + round)) enough(); };
      const all = [];
      for (let index = 0; index < CLIENTS; index++) all.push(await clients[index % clients.length](t, server, count));
      await busy;
      assert.deepEqual(await server.stop(), []);
      await Promise.all(all.map(({ ended }) => ended));
    }
  });
}
