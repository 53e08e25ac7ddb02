// Time goes on while a server has nothing to do: what it sets a deadline for after a long sleep has all its time.
import assert from 'node:assert/strict';
import { Session } from '../lib/bayeux.mjs';
import { test } from '../lib/harness.mjs';
import { Pipeline } from '../lib/pipeline.mjs';
import { Socket } from '../lib/socket.mjs';
import { sleep } from '../lib/wait.mjs';

const SLEEP_MS = 3000, HOLD_MS = 1000;
const advice = { timeout: HOLD_MS };

// Clocks are counted in whole milliseconds; more than that would be an answer too early.
const SLACK_MS = 20;

// A way to connect on a connection that is there already: its bytes are all that wakes the server.
const ways = {
  'a poll': async (t, { port }) => {
    const pipeline = await Pipeline.open(t, port);
    await pipeline.ask([{ channel: '/sleep', data: 1 }]);
    return (session) => pipeline.ask([session.connectMessage({ advice })]).then(([[reply]]) => reply);
  },
  'a socket': async (t, { url }) => {
    const socket = await Socket.open(t, url);
    return (session) => socket.connect(session, { advice });
  },
};

for (const [what, open] of Object.entries(ways)) {
  test(`sleep: ${what} is held for its whole time by a server that was idle`, { faye: true }, async (t) => {
    const server = await t.server({ timeout: 60, ping: 0 });
    const session = await Session.open(server.url);
    const connect = await open(t, server);
    await sleep(SLEEP_MS);
    const asked = performance.now();
    assert.equal((await connect(session)).successful, true);
    const held = performance.now() - asked;
    assert.ok(held > HOLD_MS - SLACK_MS, `answered after ${held} ms`);
  });
}
