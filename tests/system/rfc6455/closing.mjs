// RFC 6455, sections 5.5.1 and 7: what a client's close brings. That our close comes, that nothing follows it, and
// that the server shuts its side of TCP first (7.1.1), is part of every line with a close. The notation: lib/notation.mjs.
import { toSend } from '../lib/notation.mjs';

// A frame in two parts, wherever it can be torn.
function splits(script) {
  const hex = toSend(script)[0].bytes.toString('hex');
  return Array.from({ length: hex.length / 2 - 1 }, (_, index) => [`<${hex.slice(0, 2 * index + 2)}>`, `<${hex.slice(2 * index + 2)}>`, index + 1]);
}

export const closing = [
  ['5.5.1', 'a close with nothing in it', 'close', 'close'],
  ['5.5.1', 'a close with a code', 'close 1000', 'close 1000'],
  ['5.5.1', 'a close with a code and a reason', 'close 1000 "bye"', 'close 1000 "bye"'],
  ['5.5.1', 'a close with half a code', 'close "%03"', 'close 1002'],
  ['5.5.1', 'a reason of 123 bytes', 'close 1000 "x"*123', 'close 1000 "x"*123'],
  ['5.5.1', 'a reason of 124 bytes', 'close 1000 "x"*124', 'close 1002'],
  ['5.5.1', 'a reason is UTF-8', 'close 3000 "aé€😀"', 'close 3000 "aé€😀"'],
  ['5.5.1', 'a reason with a NUL', 'close 1000 "a%00b"', 'close 1000 "a%00b"'],
  ['5.5.1', 'a reason that is no UTF-8', 'close 1000 "a%ff"', 'close 1007'],
  ['5.5.1', 'a reason that ends within a character', 'close 1000 "a%e2%82"', 'close 1007'],
  ['5.5.1', 'a reason that begins within a character', 'close 1000 "%82%ac"', 'close 1007'],
  ['5.5.1', 'a reason with a surrogate', 'close 1000 "%ed%a0%80"', 'close 1007'],
  ['5.5.1', 'a reason with an overlong slash', 'close 1000 "%c0%af"', 'close 1007'],
  ['5.5.1', 'a reason of 123 bytes that ends within a character', 'close 1000 "x"*122 "%c3"', 'close 1007'],
  ...splits('close 1000 "é€😀"').map(([first, rest, at]) =>
    ['5.5.1', `a reason is UTF-8 when ${at} bytes of its frame come first`, `${first} ; ${rest}`, ' ; close 1000 "é€😀"']),
  ...splits('close 1000 "aa%c3%ffa"').map(([first, rest, at]) =>
    ['5.5.1', `a reason is no UTF-8 when ${at} bytes of its frame come first`, `${first} ; ${rest}`, ' ; close 1007']),

  ['5.5.1', 'what comes before a close is done', 'text {A} ; close 1000', 'reply {A} ; close 1000'],
  ['5.5.1', 'a ping right before a close is answered', 'ping "x" close 1000', 'pong "x" close 1000'],
  ['5.5.1', 'a message behind a close is not heard', 'close 1000 text {A}', 'close 1000'],
  ['5.5.1', 'a message long behind a close is not heard', 'close 1000 ; text {A}', 'close 1000'],
  ['5.5.1', 'a ping behind a close is not answered', 'close 1000 ping "x"', 'close 1000'],
  ['5.5.1', 'a second close is not answered', 'close 1000 close 1001', 'close 1000'],
  ['5.5.1', 'rubbish behind a close is not looked at', 'close 1000 <ff ff ff ff ff ff ff ff>', 'close 1000'],
  ['5.5.1', 'much behind a close is not looked at', 'close 1000 100x text {A}:1000', 'close 1000'],
  ['5.5.1', 'a close inside a message ends that too', 'text.more {A} close 1000', 'close 1000'],
  ['5.5.1', 'a close behind a frame of 4096 bytes', 'text "x"*4088 close 1000 "é€😀"', 'close 1000 "é€😀"'],
  ['5.5.1', 'a bad close behind a frame of 4096 bytes', 'text "x"*4080 close 1000 "%c3%ff"', 'close 1007'],

  ['7.1.5', 'our end of TCP is shut without a close', 'text {A} ; eof', 'reply {A} ; end'],
  ['7.1.5', 'our end of TCP is shut at once', 'eof', 'end'],
  ['7.1.5', 'our end of TCP is shut inside a head', '<81> ; eof', ' ; end'],
  ['7.1.5', 'our end of TCP is shut inside a frame', 'text.of100 "x" ; eof', ' ; end'],
  ['7.1.5', 'our end of TCP is shut between fragments', 'text.more {A} ; eof', ' ; end'],
  ['7.1.5', 'our end of TCP is shut right behind a close', 'close 1000 eof', 'close 1000'],
  ['7.1.5', 'our end of TCP is shut right behind an error', 'op3 eof', 'close 1002'],
];

const range = (from, to) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

// 7.4: codes that may be on the wire. 1012 to 1014 were registered later; like wslay we go by the RFC.
const MEANT = new Set([...range(1000, 1003), ...range(1007, 1011), ...range(3000, 4999)]);

export const codes = [...range(0, 5001), 9999, 32768, 65535].map((code) =>
  ['7.4', `a close with ${code}`, `close ${code} "why"`, MEANT.has(code) ? `close ${code} "why"` : 'close 1002']);
