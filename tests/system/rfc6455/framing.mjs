// RFC 6455, section 5, but for fragments (5.4) and control frames (5.5). The notation: lib/notation.mjs.
const range = (from, to) => Array.from({ length: to - from + 1 }, (_, index) => from + index);
const RESERVED = [...range(3, 7), ...range(11, 15)];
const KINDS = ['text', 'binary', 'ping', 'pong', 'close'];
const RSV = ['rsv1', 'rsv2', 'rsv3', 'rsv1.rsv2', 'rsv2.rsv3', 'rsv1.rsv3', 'rsv1.rsv2.rsv3'];

export const framing = [
  // 5.1: every frame of a client is masked
  ['5.1', 'a text without a mask', 'text.bare {A}', 'close 1002'],
  ['5.1', 'a text without a mask behind one that has it', 'text {A} ; text.bare {B}', 'reply {A} ; close 1002'],
  ['5.1', 'the second fragment has no mask', 'text.more {A}[1/2] cont.bare {A}[2/2]', 'close 1002'],
  ...[...KINDS, 'text.more'].map((kind) => ['5.1', `an empty ${kind} without a mask`, `${kind}.bare`, 'close 1002']),
  ['5.1', 'a ping without a mask', 'ping.bare "x"', 'close 1002'],
  ['5.1', 'a close without a mask', 'close.bare 1000', 'close 1002'],
  ['5.1', 'a ping without a mask inside a message', 'text.more {A}[1/2] ping.bare "x"', 'close 1002'],

  // 5.2: FIN, RSV, opcode, length
  ['5.2', 'a text', 'text {A}', 'reply {A}'],
  ['5.2', 'a binary frame is taken for a text, as Faye does', 'binary {A}', 'reply {A}'],
  ['5.2', 'two texts', 'text {A} text {B}', 'reply {A} reply {B}'],
  ['5.2', 'text and binary', 'text {A} binary {B} text {C}', 'reply {A} reply {B} reply {C}'],
  ['5.2', 'an empty array, which old clients send to be heard', 'text "[]"', 'text "[]"'],
  ['5.2', 'what is no JSON is dropped without a word', 'text "hello" text "[" text {A}', 'reply {A}'],
  ['5.2', 'an empty text is dropped', 'text text {A}', 'reply {A}'],
  ['5.2', 'an empty binary frame is dropped', 'binary binary {A}', 'reply {A}'],
  ['5.2', 'a binary frame need not be UTF-8', 'binary "%ff%fe%00" text {A}', 'reply {A}'],

  ...RSV.flatMap((bits) => KINDS.map((kind) => ['5.2', `${bits} is set in a ${kind}`, `${kind}.${bits} 1000`, 'close 1002'])),
  ...RSV.map((bits) => ['5.2', `${bits} is set in an empty text`, `text.${bits}`, 'close 1002']),
  ...RSV.map((bits) => ['5.2', `${bits} is set in a second fragment`, `text.more {A}[1/2] cont.${bits} {A}[2/2]`, 'close 1002']),
  ['5.2', 'what comes before a reserved bit is done', 'text {A} ; text.rsv1 {B}', 'reply {A} ; close 1002'],
  ['5.2', 'what comes behind a reserved bit is not', 'text.rsv1 {A} text {B} close 1000', 'close 1002'],

  ...RESERVED.map((n) => ['5.2', `opcode ${n}`, `op${n} "x"`, 'close 1002']),
  ...RESERVED.map((n) => ['5.2', `opcode ${n} with nothing in it`, `op${n}`, 'close 1002']),
  ...RESERVED.map((n) => ['5.2', `opcode ${n} carries a message`, `op${n} {A} text {B}`, 'close 1002']),
  ...RESERVED.map((n) => ['5.2', `opcode ${n} inside a message`, `text.more {A}[1/2] op${n} "x"`, 'close 1002']),
  ...RESERVED.map((n) => ['5.2', `opcode ${n} between messages`, `text {A} ; op${n} ; text {B}`, 'reply {A} ; close 1002']),

  ...[100, 124, 125, 126, 127, 128, 255, 256, 4095, 4096, 4097, 65534, 65535, 65536, 65537, 131072, 1048576]
    .map((size) => ['5.2', `a message of ${size} bytes`, `text {A}:${size} text {B}`, 'reply {A} reply {B}']),
  ['5.2', 'a length in 16 bits that fits in 7', 'text.len16 {A}', 'close 1002'],
  ['5.2', '125 in 16 bits', 'text.len16 {A}:125', 'close 1002'],
  ['5.2', '126 in 64 bits', 'text.len64 {A}:126', 'close 1002'],
  ['5.2', '65535 in 64 bits', 'text.len64 {A}:65535', 'close 1002'],
  ['5.2', '0 in 16 bits', 'text.len16', 'close 1002'],
  ['5.2', '0 in 64 bits', 'text.len64', 'close 1002'],
  ['5.2', 'a length with its highest bit set', '<81 ff 80 00 00 00 00 00 00 01 00 00 00 00 61>', 'close 1002'],
  ['5.2', 'the greatest length', '<81 ff ff ff ff ff ff ff ff ff 00 00 00 00 61>', 'close 1002'],
  ['5.2', 'the greatest length that may be', '<81 ff 7f ff ff ff ff ff ff ff 00 00 00 00 61>', 'close 1009'],

  // 5.3: the mask
  ['5.3', 'a mask of zeros', 'text.mask00000000 {A}', 'reply {A}'],
  ['5.3', 'a mask of ones', 'text.maskffffffff {A}', 'reply {A}'],
  ['5.3', 'each frame has its own', 'text.mask01020304 {A} text.mask80c0e0f0 {B}', 'reply {A} reply {B}'],
  ['5.3', 'each fragment has its own, which begins anew', 'text.more.mask01020304 {A}[..7] cont.mask80c0e0f0 {A}[7..]', 'reply {A}'],
  ['5.3', 'a ping comes back without it', 'ping.mask01020304 "%01%02%03%04"', 'pong "%01%02%03%04"'],
];
