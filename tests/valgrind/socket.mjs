// socket.mjs URL DEADLINE_MS: WebSockets good and bad against a running server. Says "ok NAME" or
// "FAIL NAME" for each test, "held" when one socket is left waiting, and "end" when the server has closed it.
// Node 18 has no WebSocket of its own, and we want to send what a decent one would not.
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';

const [url, deadlineMs] = process.argv.slice(2);
const TEXT = 1, CLOSE = 8, PING = 9, PONG = 10;

setTimeout(() => { console.log('FAIL no answer in time'); process.exit(1); }, Number(deadlineMs)).unref();

class Socket {
  frames = []; // { opcode, payload } not yet taken
  ended = false;
  #bytes = Buffer.alloc(0);
  #wake = () => {};

  static async open() {
    const key = randomBytes(16).toString('base64');
    const request = http.get(url, { headers: {
      Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': 13, 'Sec-WebSocket-Key': key,
    } });
    const [response, tcp, head] = await once(request, 'upgrade');
    const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
    if (response.headers['sec-websocket-accept'] !== accept) throw new Error('wrong Sec-WebSocket-Accept');
    return new Socket(tcp, head);
  }

  constructor(tcp, head) {
    this.tcp = tcp;
    tcp.on('data', (bytes) => this.#hear(bytes));
    tcp.on('error', () => {});
    tcp.on('close', () => { this.ended = true; this.#wake(); });
    this.#hear(head);
  }

  // Servers do not mask; lengths beyond 16 bits do not occur here.
  #hear(bytes) {
    this.#bytes = Buffer.concat([this.#bytes, bytes]);
    for (;;) {
      const b = this.#bytes;
      if (b.length < 2) break;
      const long = b[1] === 126;
      if (long && b.length < 4) break;
      const from = long ? 4 : 2, to = from + (long ? b.readUInt16BE(2) : b[1]);
      if (b.length < to) break;
      this.frames.push({ opcode: b[0] & 15, payload: b.subarray(from, to) });
      this.#bytes = b.subarray(to);
    }
    this.#wake();
  }

  frame(opcode, payload, { masked = true } = {}) {
    const body = Buffer.from(payload), mask = randomBytes(masked ? 4 : 0);
    const head = Buffer.from([128 | opcode, (masked ? 128 : 0) | Math.min(body.length, 126)]);
    const length = Buffer.alloc(body.length > 125 ? 2 : 0);
    if (length.length) length.writeUInt16BE(body.length);
    if (masked) body.forEach((byte, i) => { body[i] = byte ^ mask[i % 4]; });
    this.tcp.write(Buffer.concat([head, length, mask, body]));
  }

  send(...messages) { this.frame(TEXT, JSON.stringify(messages)); }

  // The first frame that `wanted` accepts, what came before it is dropped; null when the socket ended.
  async take(wanted) {
    for (;;) {
      const frame = this.frames.shift();
      if (frame && wanted(frame)) return frame;
      if (frame) continue;
      if (this.ended) return null;
      await new Promise((wake) => { this.#wake = wake; });
    }
  }

  async reply(wanted) {
    let found;
    await this.take(({ opcode, payload }) =>
      opcode === TEXT && (found = JSON.parse(payload).find(wanted)) !== undefined);
    return found;
  }

  async closeCode() {
    const frame = await this.take(({ opcode }) => opcode === CLOSE);
    return frame && frame.payload.length > 1 ? frame.payload.readUInt16BE(0) : null;
  }
}

function check(name, good) {
  console.log(`${good ? 'ok   WebSocket:' : 'FAIL WebSocket:'} ${name}`);
}

async function client(socket) {
  socket.send({ channel: '/meta/handshake', version: '1.0', supportedConnectionTypes: ['websocket'], id: 'h' });
  return (await socket.reply(({ id }) => id === 'h'))?.clientId;
}

async function session() {
  const socket = await Socket.open();
  const clientId = await client(socket);
  check('handshake', clientId);
  socket.send({ channel: '/meta/subscribe', clientId, subscription: '/socket/**', id: 's' });
  check('subscribe', (await socket.reply(({ id }) => id === 's'))?.successful);
  socket.send({ channel: '/meta/connect', clientId, connectionType: 'websocket', id: 'c' });
  socket.send({ channel: '/socket/x', clientId, data: { text: 'third' }, id: 'p' });
  check('the message comes', (await socket.reply(({ data }) => data))?.data.text === 'third');
  socket.frame(PING, 'are you there');
  check('ping', (await socket.take(({ opcode }) => opcode === PONG))?.payload.toString() === 'are you there');
  socket.frame(CLOSE, [3, 232]);
  check('close', await socket.closeCode() === 1000);
  await socket.take(() => false);
}

async function badManners() {
  const unmasked = await Socket.open();
  unmasked.frame(TEXT, '[]', { masked: false });
  check('an unmasked frame is a violation', await unmasked.closeCode() === 1002);

  const binary = await Socket.open();
  binary.frame(TEXT, [0xff, 0xfe]);
  check('text must be UTF-8', await binary.closeCode() === 1007);

  const large = await Socket.open();
  large.tcp.write(Buffer.from([0x81, 0xff, 0, 0, 0, 1, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6])); // 4 GiB will follow
  check('a message has its limit', await large.closeCode() === 1009);

  const broken = await Socket.open();
  broken.frame(TEXT, '[{');
  broken.send({ channel: '/a', data: 1, id: 'p' });
  check('broken JSON does no harm', (await broken.reply(({ id }) => id === 'p'))?.successful);
  broken.tcp.resetAndDestroy();
}

// A connect that is held is not answered: what shows that it was heard is the answer behind it.
async function held() {
  const socket = await Socket.open();
  const clientId = await client(socket);
  socket.send({ channel: '/meta/connect', clientId, connectionType: 'websocket', id: 'c' });
  socket.send({ channel: '/b', data: 1, id: 'p' });
  await socket.reply(({ id }) => id === 'p');
  console.log('held');
  await socket.take(() => false);
}

await session();
await badManners();
await held();
console.log('end');
