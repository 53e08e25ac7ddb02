// permessage-deflate by hand: deflated messages, frames with any bits, and sockets that send and show them.
import zlib from 'node:zlib';
import { Tcp, request } from './tcp.mjs';

// Deflates to about half; no two are alike.
export const text = (length, seed = 1) => {
  let all = '';
  for (let at = seed; all.length < length; at++) all += `item ${(at * 2654435761) % 1000003} of Grüße and 日本, `;
  return all.slice(0, length);
};

// A message as deflated bytes (RFC 7692 7.2.1).
export const deflated = (text, options) => {
  const bytes = zlib.deflateRawSync(text, { finishFlush: zlib.constants.Z_SYNC_FLUSH, ...options });
  return bytes.subarray(0, bytes.length - 4);
};

export const inflated = (bytes) => zlib.inflateRawSync(bytes, { finishFlush: zlib.constants.Z_SYNC_FLUSH });

// A client's frame, masked with zeros. `first`: FIN 0x80, RSV1 0x40, opcode.
export function frame(first, payload) {
  const n = payload.length;
  const head = Buffer.alloc(n < 126 ? 2 : n < 65536 ? 4 : 10);
  head[0] = first;
  head[1] = 0x80 | (n < 126 ? n : n < 65536 ? 126 : 127);
  if (head.length === 4) head.writeUInt16BE(n, 2);
  if (head.length === 10) head.writeBigUInt64BE(BigInt(n), 2);
  return Buffer.concat([head, Buffer.alloc(4), Buffer.from(payload)]);
}

// A server's frames: { first, payload }; what is not whole is left out.
function frames(bytes) {
  const all = [];
  while (bytes.length >= 2) {
    const [head, n] = bytes[1] < 126 ? [2, bytes[1]]
      : bytes.length < 10 ? [10, 0] : bytes[1] === 126 ? [4, bytes.readUInt16BE(2)] : [10, Number(bytes.readBigUInt64BE(2))];
    if (bytes.length < head + n) break;
    all.push({ first: bytes[0], payload: bytes.subarray(head, head + n) });
    bytes = bytes.subarray(head + n);
  }
  return all;
}

// A socket by bytes that has agreed on deflating, unless `offer` is something else.
export async function openDeflating(t, port, offer = 'permessage-deflate') {
  const tcp = await Tcp.open(t, port);
  tcp.write(request([
    'GET /bayeux HTTP/1.1', `Host: 127.0.0.1:${port}`, 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', ...(offer ? [`Sec-WebSocket-Extensions: ${offer}`] : []),
  ]));
  await tcp.until(/\r\n\r\n/);
  tcp.frames = () => frames(tcp.bytes.subarray(tcp.bytes.indexOf('\r\n\r\n') + 4));
  return tcp;
}
