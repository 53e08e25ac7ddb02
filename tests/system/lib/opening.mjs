// Plays the lines of ../rfc6455/handshake.mjs: on a fresh connection, and on one that has already served a request.
import { createHash } from 'node:crypto';
import { Tcp, frame, request } from './tcp.mjs';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'; // RFC 6455 1.3
const PLAIN = [
  'GET /bayeux HTTP/1.1', 'Host: 127.0.0.1', 'Connection: Upgrade', 'Upgrade: websocket',
  'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
];

const nameOf = (line) => line.slice(0, line.indexOf(':')).toLowerCase();

function changed(lines, change) {
  const [, sign, text] = /^([+-]?) ?(.*)$/s.exec(change);
  if (sign === '+') return [...lines, text];
  if (sign === '-') return lines.filter((line) => nameOf(line) !== text.toLowerCase());
  const isFirst = / HTTP\//.test(text);
  return lines.map((line, index) => ((isFirst ? index === 0 : index && nameOf(line) === nameOf(text)) ? text : line));
}

// The changes are parted by blanks around the semicolon, which values do not have.
const linesOf = (changes) => changes.split(' ; ').filter(Boolean).reduce(changed, PLAIN);

function readHead(text) {
  const [first, ...lines] = text.slice(0, text.indexOf('\r\n\r\n')).split('\r\n');
  const fields = lines.map((line) => [nameOf(line), line.slice(line.indexOf(':') + 1).trim()]);
  const all = (name) => fields.filter(([one]) => one === name.toLowerCase()).map(([, value]) => value);
  return { status: Number(/^HTTP\/1\.1 (\d{3}) /.exec(first)?.[1] ?? 0), all };
}

function faultsOf({ status, all }, lines, answer) {
  const [, wantedStatus, name, value] = /^(\d+)(?: ([^:]+): (.*))?$/.exec(answer);
  const wanted = name ? [[name, value]] : [];
  if (status === 101) {
    const key = lines.find((line) => nameOf(line) === 'sec-websocket-key')?.split(':')[1].trim();
    wanted.push(['Sec-WebSocket-Accept', createHash('sha1').update(key + GUID).digest('base64')]);
    wanted.push(['Upgrade', 'websocket'], ['Connection', 'Upgrade'], ['Sec-WebSocket-Extensions'], ['Sec-WebSocket-Protocol']);
  }
  const faults = wanted.filter(([field, is]) => all(field).join() !== (is ?? '')).map(([field]) => `${field} is ${all(field).join() || 'missing'}`);
  return status === Number(wantedStatus) ? faults : [`status ${status} instead of ${wantedStatus}`];
}

const EARLIER = '[{"channel":"/rfc6455/earlier","data":1,"id":"earlier"}]';
const PING = frame('alive', 9), PONG = '\x8a\x05alive';

async function playOpening(t, port, [, , changes, answer], isLate) {
  const lines = linesOf(changes);
  const tcp = await Tcp.open(t, port);
  let before = 0;
  if (isLate) {
    tcp.write(request(['POST /bayeux HTTP/1.1', 'Host: 127.0.0.1', 'Content-Type: application/json', `Content-Length: ${EARLIER.length}`], EARLIER));
    before = (await tcp.until(/"successful":true}\]/)).length;
  }
  // The ping would be the body where one is announced.
  tcp.write(Buffer.concat([request(lines), PING]));
  await tcp.until(new RegExp(`^[^]{${before}}[^]*\r\n\r\n`));
  const head = readHead(tcp.text.slice(before));
  const faults = faultsOf(head, lines, answer);
  if (head.status === 101) await tcp.until(new RegExp(PONG));
  tcp.socket.end();
  if ((await tcp.end()).includes(PONG) !== (head.status === 101)) faults.push('the ping was answered');
  if (faults.length) throw new Error(faults.join(', '));
}

export async function playOpenings(t, server, lines) {
  const faults = [];
  await Promise.all(lines.flatMap((line) => [false, true].map(async (isLate) => {
    try {
      await playOpening(t, server.port, line, isLate);
    } catch (error) {
      faults.push(`rfc6455 ${line[0]}: ${line[1]} (${isLate ? 'behind another request' : 'first'}): ${error.message}`);
    }
  })));
  if (faults.length) throw new Error(`${faults.length} lines fail\n${faults.join('\n')}`);
}
