// Deflated messages in every shape they may have, and in those they may not (RFC 7692, RFC 6455 7.4.1).
import assert from 'node:assert/strict';
import zlib from 'node:zlib';
import { Session, freshChannel, handshake } from '../lib/bayeux.mjs';
import { deflated, frame, openDeflating, text } from '../lib/deflate.mjs';
import { test } from '../lib/harness.mjs';

const MIB = 1 << 20;
const data = (messages) => messages.map((message) => message.data);

async function assertCloses(tcp, code) {
  await tcp.end();
  const { first, payload } = tcp.frames().at(-1);
  assert.equal(first, 0x88);
  assert.equal(payload.readUInt16BE(0), code);
}

test('deflate: every shape that a deflated message may have', async (t) => {
  const { url, port } = await t.server({ compress: 'on' });
  const session = await Session.open(url), channel = freshChannel('shapes');
  await session.subscribe(channel);
  const publication = (value) => JSON.stringify([{ channel, data: value }]);
  const finished = zlib.deflateRawSync(publication(1));
  const halves = [publication(2).slice(0, 20), publication(2).slice(20)];
  const tcp = await openDeflating(t, port);
  for (const bytes of [
    Buffer.concat([finished, Buffer.from([0])]), // RFC 7692 7.2.3.4: the block says it is the last
    Buffer.concat([zlib.deflateRawSync(halves[0]), deflated(halves[1])]), // and another follows
    deflated(publication(3), { level: 0 }),
    deflated(publication(4), { strategy: zlib.constants.Z_FIXED }),
    deflated(publication(5), { windowBits: 9 }),
    Buffer.concat([deflated(halves[0]), Buffer.from([0, 0, 0xff, 0xff]), deflated(publication(6).slice(20))]),
    Buffer.from([0]), Buffer.from([2, 0]), // nothing, twice
    deflated(publication(7)),
  ]) tcp.write(frame(0xc1, bytes));
  await tcp.until(/(?:"successful":true[^]*){7}/);
  assert.deepEqual(data((await session.poll()).messages), [1, 2, 3, 4, 5, 6, 7]);
});

for (const [what, offer] of [['off', {}], ['on, but not agreed on', { compress: 'on' }]]) {
  test(`deflate: RSV1 closes with 1002 where it is ${what}`, async (t) => {
    const { port } = await t.server(offer);
    const tcp = await openDeflating(t, port, offer.compress ? null : 'permessage-deflate');
    tcp.write(frame(0xc1, deflated(JSON.stringify([handshake()]))));
    await assertCloses(tcp, 1002);
  });
}

const bytes = (...values) => Buffer.from(values);
for (const [what, code, ...sent] of [
  ['RSV1 on a ping', 1002, [0xc9, bytes()], [0x81, '[]']],
  ['RSV1 on a continuation', 1002, [0x41, deflated('[1]').subarray(0, 1)], [0xc0, deflated('[1]').subarray(1)]],
  ['RSV2', 1002, [0xa1, '[]']],
  ['bytes that are not deflated', 1007, [0xc1, 'plain text']],
  ['a message without its end', 1007, [0xc1, deflated(text(300)).subarray(0, 100)]],
  ['no bytes', 1007, [0xc1, '']],
  ['a text that is no UTF-8', 1007, [0xc1, deflated(bytes(0x5b, 0x22, 0xc3, 0x28, 0x22, 0x5d))]],
  ['a byte more than 1 MiB', 1009, [0xc1, deflated(' '.repeat(MIB + 1))]],
  ['a hundred times 1 MiB', 1009, [0xc1, deflated(Buffer.alloc(100 * MIB, ' '))]],
  ['the same in fragments', 1009, [0x41, deflated(Buffer.alloc(100 * MIB, ' ')).subarray(0, 50000)],
    [0x80, deflated(Buffer.alloc(100 * MIB, ' ')).subarray(50000)]],
]) {
  test(`deflate: ${what} closes with ${code}`, async (t) => {
    const { port } = await t.server({ compress: 'on' });
    const tcp = await openDeflating(t, port);
    for (const [first, payload] of sent) tcp.write(frame(first, payload));
    await assertCloses(tcp, code);
  });
}

test('deflate: 1 MiB of text passes, however small it was', async (t) => {
  const { url, port } = await t.server({ compress: 'on' });
  const session = await Session.open(url), channel = freshChannel('limit');
  await session.subscribe(channel);
  const tcp = await openDeflating(t, port);
  tcp.write(frame(0xc1, deflated(JSON.stringify([{ channel, data: 1 }]).padEnd(MIB))));
  await tcp.until(/"successful":true/);
  assert.deepEqual(data((await session.poll()).messages), [1]);
});
