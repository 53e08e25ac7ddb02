// The WebSocket protocol, section by section. The lines are in ../rfc6455/, each: section, what, sent, what must come
// back; a line that fails is named as `rfc6455 5.4: a ping between two fragments is answered at once`.
import assert from 'node:assert/strict';
import { Session } from '../lib/bayeux.mjs';
import { test } from '../lib/harness.mjs';
import { playLines } from '../lib/lines.mjs';
import { toSend } from '../lib/notation.mjs';
import { playOpenings } from '../lib/opening.mjs';
import { frame } from '../lib/tcp.mjs';
import { sleep, within } from '../lib/wait.mjs';
import { Wire } from '../lib/wire.mjs';
import { closing, codes } from '../rfc6455/closing.mjs';
import { control } from '../rfc6455/control.mjs';
import { fragments } from '../rfc6455/fragments.mjs';
import { framing } from '../rfc6455/framing.mjs';
import { handshakes } from '../rfc6455/handshake.mjs';
import { LIMITS, limits } from '../rfc6455/limits.mjs';
import { invalidText, validText } from '../rfc6455/text.mjs';

// Nothing comes unasked, and who listens without connecting again stays.
const QUIET = { ping: 0, timeout: 600 };

test('rfc6455 4 and 9: the opening handshake', async (t) => playOpenings(t, await t.server(), handshakes));

for (const [what, lines, options] of [
  ['5.1 to 5.3: frames', framing],
  ['5.4: fragments', fragments],
  ['5.5: pings and pongs', control],
  ['5.5.1 and 7: closes', closing],
  ['8.1: text that is UTF-8', validText],
  ['8.1: text that is not', invalidText],
  ['10.4: limits', limits, LIMITS],
]) {
  test(`rfc6455 ${what}`, async (t) => playLines(t, await t.server({ ...QUIET, ...options }), lines));
}

test('rfc6455 7.4: every close code', async (t) => playLines(t, await t.server(QUIET), codes, ['at once']));

// ---- 7.1: the closing handshake in time ----

const HALF_OPEN = { allowHalfOpen: true }; // we shut our side only when we say so

const say = (wire, script) => wire.write(toSend(script)[0].bytes);

// A socket that the server has closed, since the session on it has ended. What it hears ends with that close.
async function closedByServer(t) {
  const server = await t.server(QUIET);
  const session = await Session.open(server.url), wire = await Wire.open(t, server.port, HALF_OPEN);
  wire.write(frame(JSON.stringify([session.connectMessage({ connectionType: 'websocket', advice: { timeout: 0 } })])));
  await wire.hears(1);
  await session.ask('/meta/disconnect');
  await wire.heard.until((frames) => frames.includes('close 1000'));
  assert.ok(!wire.over, 'TCP stays until we have answered');
  return { server, wire };
}

async function assertNothingFollows(wire) {
  const heard = await wire.hearsAll();
  assert.equal(heard.indexOf('close 1000'), heard.length - 1, `${heard}`);
}

// Our writes fail only when the server has closed its socket, not just shut its side.
async function isLeft(wire) {
  let left = false;
  wire.tcp.closed.then(() => { left = true; });
  await within((async () => {
    for (; !left; await sleep(50)) wire.write(Buffer.from('x'));
  })(), () => 'the server to let go');
}

test('rfc6455 7.1.1: a peer that never closes TCP is left', async (t) => {
  const { port } = await t.server(QUIET);
  const wire = await Wire.open(t, port, HALF_OPEN);
  say(wire, 'close 1000');
  assert.deepEqual(await wire.hearsAll(), ['close 1000']);
  await isLeft(wire);
});

test('rfc6455 7.1.1: a peer that never closes TCP behind an error is left', async (t) => {
  const { port } = await t.server(QUIET);
  const wire = await Wire.open(t, port, HALF_OPEN);
  say(wire, 'op3');
  assert.deepEqual(await wire.hearsAll(), ['close 1002']);
  await isLeft(wire);
});

test('rfc6455 7.1.2: a peer that never answers our close is left', async (t) => {
  const { wire } = await closedByServer(t);
  await assertNothingFollows(wire);
  await isLeft(wire);
});

for (const [what, answer] of [
  ['the same code', 'close 1000'], ['another code', 'close 3000 "why"'], ['no code', 'close'],
  ['an error', 'op3'], ['text that is none', 'text "%ff"'], ['too much', 'text.of99999999 "x"'],
]) {
  test(`rfc6455 7.1.2: our close is answered with ${what}`, async (t) => {
    const { wire } = await closedByServer(t);
    say(wire, answer);
    await assertNothingFollows(wire);
  });
}

test('rfc6455 7.1.2: what crosses our close is neither answered nor done', async (t) => {
  const { server, wire } = await closedByServer(t);
  const session = await Session.open(server.url);
  await session.subscribe('/rfc6455');
  say(wire, 'text {A} ping "x" text.more {B}[1/2] cont {B}[2/2] pong "x" close 1000');
  await assertNothingFollows(wire);
  assert.deepEqual((await session.poll()).messages, []);
});

test('rfc6455 7.4.1: a server that ends says 1001', async (t) => {
  const server = await t.server(QUIET);
  const wires = await Promise.all(Array.from({ length: 10 }, () => Wire.open(t, server.port)));
  say(wires[0], 'text.more {A}');
  say(wires[1], '<81>');
  for (const wire of wires.slice(2)) say(wire, 'ping "x"');
  await Promise.all(wires.slice(2).map((wire) => wire.hears(1)));
  t.forget(server);
  assert.deepEqual(await server.stop(), []);
  for (const wire of wires) assert.equal((await wire.hearsAll()).at(-1), 'close 1001');
});
