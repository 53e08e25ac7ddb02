// The language in which the tables of rfc6455/ write frames. What is sent and what comes back read alike:
//
//   text "abc"             a frame: opcode, payload (UTF-8, and %ff for any byte). FIN is set, a mask is there
//   text.more  cont        .more: FIN is not set
//   op3                    an opcode without a name
//   close 1000 "bye"       a number is two bytes; the parts of a payload follow one another
//   ping "a"*125           125 times
//   text {A}               a Bayeux message that publishes the word A, to which the server says: reply {A}
//   {A}:200                the same with blanks up to 200 bytes
//   {A}[2/3] {A}[..5]      its second third, its first five bytes; "abc"[1..] is "bc"
//   .rsv1 .rsv2 .rsv3      a reserved bit is set
//   .bare  .mask00ff00ff   there is no mask; there is this one
//   .len16 .len64 .of9     the length stands in 16 or 64 bits, needed or not; it says 9, whatever follows
//   <81 80>                bytes, no frame
//   9x cont.more "a"       nine such frames
//   ;                      a new round, when all that was to come back for this one has come
//   eof  end               we shut our side; the server closes without a close frame
const OPCODES = { cont: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 };
const NAMES = Object.fromEntries(Object.entries(OPCODES).map(([name, opcode]) => [opcode, name]));
const MASK = '37fa213d';
const CHANNEL = '/rfc6455';

const TOKEN = new RegExp([
  '(?<round>;)', '<(?<hex>[\\da-f ]*)>', '(?<times>\\d+)x(?=\\s)', '(?<number>\\d+)',
  '(?:"(?<string>[^"]*)"|\\{(?<word>[^}]*)\\})(?:\\*(?<count>\\d+))?(?::(?<size>\\d+))?(?:\\[(?<part>[^\\]]+)\\])?',
  '(?<name>[a-z]+\\d*)(?<marks>(?:\\.[a-z]+[\\da-f]*)*)',
].join('|').replace(/^/, '\\s*(?:').concat(')\\s*'), 'y');

function* tokens(script) {
  TOKEN.lastIndex = 0;
  for (let at = 0; at < script.length; at = TOKEN.lastIndex) {
    TOKEN.lastIndex = at;
    const found = TOKEN.exec(script);
    if (!found) throw new Error(`not in the notation: ${script.slice(at)}`);
    yield found.groups;
  }
}

// ---- bytes ----

// The bytes that `text` names.
function bytesOf(text) {
  const pieces = text.split(/%([\da-f]{2})/);
  return Buffer.concat(pieces.map((piece, index) => (index % 2 ? Buffer.from(piece, 'hex') : Buffer.from(piece))));
}

// The other way: all but plain ASCII as %ff, so that what looks the same is the same.
export const nameOf = (bytes) => bytes.toString('latin1').replace(/[^ -~]|[%"{}]/g, (char) => `%${char.charCodeAt(0).toString(16).padStart(2, '0')}`);

function publication(word) {
  const bytes = bytesOf(word);
  return Buffer.concat([Buffer.from(`[{"channel":"${CHANNEL}","id":"`), bytes, Buffer.from('","data":"'), bytes, Buffer.from('"}]')]);
}

function cut(bytes, part) {
  const [, nth, of] = /^(\d+)\/(\d+)$/.exec(part) ?? [];
  const at = (index) => Math.floor(bytes.length * index / of);
  if (of) return bytes.subarray(at(nth - 1), at(nth));
  const [, from, to] = /^(\d*)\.\.(\d*)$/.exec(part);
  return bytes.subarray(Number(from), to ? Number(to) : undefined);
}

function payloadPart({ number, string, word, count = 1, size = 0, part }) {
  if (number !== undefined) return Buffer.from([number >> 8, number & 0xff]);
  const once = word === undefined ? bytesOf(string) : publication(word);
  const bytes = Buffer.concat(Array(Number(count)).fill(once));
  const padded = Buffer.concat([bytes, Buffer.alloc(Math.max(0, size - bytes.length), ' ')]);
  return part ? cut(padded, part) : padded;
}

function lengthBytes(length, bits) {
  if (bits === 7) return Buffer.from([length]);
  const bytes = Buffer.alloc(bits === 16 ? 3 : 9);
  bytes[0] = bits === 16 ? 126 : 127;
  if (bits === 16) bytes.writeUInt16BE(length, 1); else bytes.writeBigUInt64BE(BigInt(length), 1);
  return bytes;
}

function encode({ name, opcode, marks, payload }) {
  const mark = (prefix) => marks.find((one) => one.startsWith(prefix))?.slice(prefix.length);
  const length = Number(mark('of') ?? payload.length);
  const bits = Number(mark('len') ?? (length < 126 ? 7 : length < 65536 ? 16 : 64));
  const rsv = marks.reduce((sum, one) => sum | ({ rsv1: 0x40, rsv2: 0x20, rsv3: 0x10 }[one] ?? 0), 0);
  const mask = marks.includes('bare') ? null : Buffer.from(mark('mask') ?? MASK, 'hex');
  if (opcode === undefined) throw new Error(`no frame that can be sent: ${name}`);

  const head = Buffer.concat([Buffer.from([(marks.includes('more') ? 0 : 0x80) | rsv | opcode]), lengthBytes(length, bits)]);
  if (!mask) return Buffer.concat([head, payload]);
  head[1] |= 0x80;
  return Buffer.concat([head, mask, payload.map((byte, index) => byte ^ mask[index % 4])]);
}

// ---- rounds ----

const KNOWN_MARK = /^(more|bare|rsv[123]|mask[\da-f]{8}|len(16|64)|of\d+)$/;

function itemOf({ name, marks }) {
  const list = marks.split('.').slice(1);
  const opcode = OPCODES[name] ?? (/^op\d+$/.test(name) ? Number(name.slice(2)) : undefined);
  if (opcode === undefined && !['reply', 'eof', 'end'].includes(name)) throw new Error(`no such frame: ${name}`);
  for (const mark of list) if (!KNOWN_MARK.test(mark)) throw new Error(`no such mark: ${mark}`);
  return { name, opcode, marks: list, payload: Buffer.alloc(0), words: [] };
}

// A list of rounds, each a list of items.
function parse(script) {
  const rounds = [[]];
  let times = 1;
  for (const token of tokens(script)) {
    const round = rounds.at(-1);
    if (token.round) rounds.push([]);
    else if (token.hex !== undefined) round.push({ name: 'bytes', marks: [], payload: Buffer.from(token.hex.replaceAll(' ', ''), 'hex') });
    else if (token.times) times = Number(token.times);
    else if (token.name) {
      round.push(...Array(times).fill(itemOf(token))); // one object: its payload is theirs
      times = 1;
    } else {
      const item = round.at(-1);
      if (!item) throw new Error(`a payload without a frame: ${script}`);
      item.payload = Buffer.concat([item.payload, payloadPart(token)]);
      if (token.word !== undefined) item.words.push(token.word);
    }
  }
  return rounds;
}

// What to write in each round: { bytes, eof }.
export function toSend(script) {
  return parse(script).map((items) => ({
    bytes: Buffer.concat(items.filter(({ name }) => name !== 'eof').map((item) => (item.name === 'bytes' ? item.payload : encode(item)))),
    eof: items.some(({ name }) => name === 'eof'),
  }));
}

// What must come in each round, each frame as frameName() would name it.
export function toHear(script) {
  const nameOfItem = ({ name, opcode, payload, words }) => {
    if (name === 'end') return 'end';
    return name === 'reply' ? `reply {${nameOf(bytesOf(words[0]))}}` : frameName({ first: 0x80 | opcode, payload });
  };
  return parse(script).map((items) => items.map(nameOfItem));
}

// How many bytes the payload of that one frame has.
export const payloadLength = (script) => parse(script)[0][0].payload.length;

// ---- what the server sent ----

function replyWord(payload) {
  try {
    const [reply, ...others] = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload));
    return !others.length && reply.channel === CHANNEL && reply.successful === true ? reply.id : undefined;
  } catch {
    return undefined;
  }
}

// A frame in the notation. `first` is its first byte.
export function frameName({ first, payload }) {
  const opcode = first & 0xf;
  const name = NAMES[opcode] ?? `op${opcode}`;
  const marks = [!(first & 0x80) && '.more', first & 0x40 && '.rsv1', first & 0x20 && '.rsv2', first & 0x10 && '.rsv3'];
  const word = first === 0x81 ? replyWord(payload) : undefined;
  if (word !== undefined) return `reply {${nameOf(Buffer.from(word))}}`;
  const hasCode = opcode === OPCODES.close && payload.length >= 2;
  const rest = hasCode ? payload.subarray(2) : payload;
  const parts = [name + marks.filter(Boolean).join(''), hasCode && payload.readUInt16BE(), rest.length && `"${nameOf(rest)}"`];
  return parts.filter((part) => part !== false && part !== 0).join(' ');
}

// Takes the first frame off `bytes`: { first, payload, rest }, or null when it is not whole. RFC 6455 5.1: a server
// masks nothing; 5.2: the shortest length.
export function takeFrame(bytes) {
  if (bytes.length < 2) return null;
  const short = bytes[1];
  const start = short < 126 ? 2 : short === 126 ? 4 : 10;
  if (bytes.length < start) return null;
  const length = short < 126 ? short : short === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  const isShortest = start === 2 || length >= (start === 4 ? 126 : 65536);
  if (short > 127 || !isShortest) throw new Error(`a bad frame: ${bytes.subarray(0, 10).toString('hex')}`);
  if (bytes.length < start + length) return null;
  return { first: bytes[0], payload: bytes.subarray(start, start + length), rest: bytes.subarray(start + length) };
}
