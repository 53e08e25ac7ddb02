// Bytes over TCP, for what no HTTP library would send.
import net from 'node:net';
import { Inbox, within } from './wait.mjs';

export class Tcp {
  #chunks = new Inbox();

  static async open(t, port, options = {}) {
    const tcp = new Tcp();
    tcp.socket = net.connect({ port, host: '127.0.0.1', noDelay: true, ...options });
    t.defer(() => tcp.socket.destroy());
    tcp.closed = new Promise((done) => tcp.socket.on('close', done));
    tcp.socket.on('error', () => {}); // a reset is a way to close
    tcp.socket.on('data', (chunk) => tcp.#chunks.add(chunk));
    await within(new Promise((done, fail) => { tcp.socket.on('connect', done); tcp.socket.on('error', fail); }), () => 'a connection');
    return tcp;
  }

  write(bytes) { return new Promise((done) => this.socket.write(bytes, done)); }

  get bytes() { return Buffer.concat(this.#chunks.items); }
  get text() { return this.bytes.toString('latin1'); }

  // Resolves to all the text so far once `pattern` is in it.
  async until(pattern, ms) {
    await this.#chunks.until(() => this.text.search(pattern) >= 0, ms);
    return this.text;
  }

  // Resolves to all the text once the server has closed.
  async end(ms) {
    await within(this.closed, () => `the server to close; so far: ${this.text.slice(0, 300)}`, ms);
    return this.text;
  }
}

// A whole exchange of which the server's first answer or close is awaited: { status, text, closed }. Status 0: none came.
export async function rawExchange(t, port, request) {
  const tcp = await Tcp.open(t, port);
  tcp.write(request);
  const closed = tcp.closed.then(() => true);
  const answered = tcp.until(/\r\n\r\n/).then(() => false);
  answered.catch(() => {});
  await Promise.race([closed, answered]);
  const status = Number(/^HTTP\/1\.[01] (\d{3}) /.exec(tcp.text)?.[1] ?? 0);
  return { status, tcp, get text() { return tcp.text; } };
}

export const request = (lines, body = '') => Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`, 'latin1');

// A client's text frame, masked with zeros: the mask is there, the bytes stay legible.
export function frame(text, opcode = 1) {
  const payload = Buffer.from(text);
  const short = payload.length < 126;
  const head = Buffer.alloc(short ? 6 : 8);
  head[0] = 0x80 | opcode;
  head[1] = 0x80 | (short ? payload.length : 126);
  if (!short) head.writeUInt16BE(payload.length, 2);
  return Buffer.concat([head, payload]);
}

export const upgrade = (port, path = '/bayeux') => request([
  `GET ${path} HTTP/1.1`, `Host: 127.0.0.1:${port}`, 'Connection: Upgrade', 'Upgrade: websocket',
  'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
]);
