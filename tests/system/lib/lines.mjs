// Plays the lines of a table of rfc6455/, [section, what, sent, back], each on a connection of its own and many at a
// time: all bytes of a round in one write, then again in small pieces, each read by the server before the next.
import assert from 'node:assert/strict';
import { Session } from './bayeux.mjs';
import { nameOf, toHear, toSend } from './notation.mjs';
import { Socket } from './socket.mjs';
import { Pulse, Wire } from './wire.mjs';

const ABREAST = 64;   // connections at a time
const PIECES = 150;   // at most, of one round
const LAST = 'ping "%00last"'; // whose pong shows that nothing else came

const isControl = (frame) => /^(ping|pong|close)\b/.test(frame);
const endsIt = (frame) => /^(close|end)\b/.test(frame);

async function writeWhole(wire, bytes) { await wire.write(bytes); }

async function writePieces(wire, bytes, pulse) {
  const step = Math.ceil(bytes.length / PIECES);
  for (let at = 0; at < bytes.length; at += step) {
    await wire.write(bytes.subarray(at, at + step));
    await pulse.beat();
  }
}

const shortened = (frames) => frames.map((frame) => (frame.length > 100 ? `${frame.slice(0, 97)}...` : frame)).join(', ') || 'nothing';

// The protocol has no order between control frames and the answers to messages.
function assertSame(heard, wanted) {
  const frames = wanted.filter((frame) => frame !== 'end');
  const sorted = (list) => [...list.filter(isControl), ...list.filter((frame) => !isControl(frame))];
  if (sorted(heard).join('\n') !== sorted(frames).join('\n')) throw new Error(`came ${shortened(heard)} instead of ${shortened(wanted)}`);
  if (frames.some(endsIt) && !endsIt(heard.at(-1))) throw new Error(`more came behind the close: ${shortened(heard)}`);
}

async function playLine(t, port, pulse, [, , sent, back], write) {
  const sending = toSend(sent), hearing = toHear(back);
  const wire = await Wire.open(t, port);
  const wanted = [];
  for (const [index, { bytes, eof }] of sending.entries()) {
    await write(wire, bytes, pulse);
    if (eof) wire.tcp.socket.end();
    const more = hearing[index] ?? [];
    wanted.push(...more);
    if (more.length) await wire.hears(wanted.filter((frame) => frame !== 'end').length); else await pulse.beat();
  }
  if (wanted.some(endsIt)) {
    await wire.hearsAll();
  } else {
    wire.write(toSend(LAST)[0].bytes);
    wanted.push('pong "%00last"');
    await wire.hears(wanted.length);
  }
  wire.tcp.socket.destroy();
  assertSame(wire.heard.items, wanted);
}

// Hears what the lines publish.
async function listen(t, url) {
  const session = await Session.open(url);
  await session.subscribe('/rfc6455');
  const socket = await Socket.open(t, url);
  await socket.connect(session);
  return socket;
}

const wordsOf = (back) => toHear(back).flat().filter((frame) => frame.startsWith('reply {'));

async function assertPublished(listener, words) {
  const deliveries = await listener.delivered(words.length);
  assert.deepEqual(deliveries.map(({ data }) => `reply {${nameOf(Buffer.from(data))}}`).sort(), words.sort(), 'what was published');
}

const WAYS = { 'at once': writeWhole, 'in pieces': writePieces };

export async function playLines(t, server, lines, ways = Object.keys(WAYS)) {
  const pulse = await Pulse.start(t, server.port), listener = await listen(t, server.url);
  const queue = ways.flatMap((way) => lines.map((line) => ({ line, way })));
  const words = queue.flatMap(({ line }) => wordsOf(line[3]));
  const faults = [];
  const worker = async () => {
    for (let next; (next = queue.shift());) {
      const { line, way } = next;
      try {
        await playLine(t, server.port, pulse, line, WAYS[way]);
      } catch (error) {
        faults.push(`rfc6455 ${line[0]}: ${line[1]} (${way}): ${error.message}`);
      }
    }
  };
  await Promise.all(Array.from({ length: ABREAST }, worker));
  if (faults.length) throw new Error(`${faults.length} lines fail\n${faults.join('\n')}`);
  await assertPublished(listener, words);
}
