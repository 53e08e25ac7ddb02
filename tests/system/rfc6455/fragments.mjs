// RFC 6455, section 5.4. The notation: lib/notation.mjs.
import { payloadLength } from '../lib/notation.mjs';

const splits = (script) => Array.from({ length: payloadLength(script) + 1 }, (_, at) => at);

export const fragments = [
  ['5.4', 'a message in two fragments', 'text.more {A}[1/2] cont {A}[2/2]', 'reply {A}'],
  ['5.4', 'a message in three', 'text.more {A}[1/3] cont.more {A}[2/3] cont {A}[3/3]', 'reply {A}'],
  ['5.4', 'a binary message in three', 'binary.more {A}[1/3] cont.more {A}[2/3] cont {A}[3/3]', 'reply {A}'],
  ['5.4', 'two fragmented messages', 'text.more {A}[1/2] cont {A}[2/2] text.more {B}[1/2] cont {B}[2/2]', 'reply {A} reply {B}'],
  ['5.4', 'a message that is not finished is not done', 'text.more {A}', ''],
  ['5.4', 'it is done by an empty last fragment', 'text.more {A} ; cont', ' ; reply {A}'],
  ['5.4', 'nothing is done before the last fragment', 'text.more {A}[1/2] ; cont.more {A}[2/2] ; cont.more ; cont', ' ; ; ; reply {A}'],
  ...splits('text {A}').map((at) => ['5.4', `a message split at byte ${at}`, `text.more {A}[..${at}] cont {A}[${at}..]`, 'reply {A}']),

  ['5.4', 'an empty first fragment', 'text.more cont {A}', 'reply {A}'],
  ['5.4', 'an empty last fragment', 'text.more {A} cont', 'reply {A}'],
  ['5.4', 'an empty fragment between others', 'text.more {A}[1/2] cont.more cont {A}[2/2]', 'reply {A}'],
  ['5.4', 'many empty fragments between others', 'text.more {A}[1/2] 100x cont.more cont {A}[2/2]', 'reply {A}'],
  ['5.4', 'all fragments are empty', 'text.more 3x cont.more cont text {A}', 'reply {A}'],
  ['5.4', 'fragments of one byte', 'text.more "[" cont.more "{" cont {A}[2..]', 'reply {A}'],
  ['5.4', 'fragments of each form of length', 'text.more {A}:126 cont.more " "*65535 cont.more " "*65536 cont " "', 'reply {A}'],

  ['5.4', 'a continuation of nothing', 'cont {A}', 'close 1002'],
  ['5.4', 'an empty continuation of nothing', 'cont', 'close 1002'],
  ['5.4', 'a continuation of nothing that is not the last', 'cont.more {A}[1/2] cont {A}[2/2]', 'close 1002'],
  ['5.4', 'a continuation behind a whole message', 'text {A} ; cont "x"', 'reply {A} ; close 1002'],
  ['5.4', 'a continuation behind the last fragment', 'text.more {A}[1/2] cont {A}[2/2] ; cont "x"', 'reply {A} ; close 1002'],
  ['5.4', 'a continuation of a ping', 'ping "x" ; cont {A}', 'pong "x" ; close 1002'],
  ['5.4', 'a continuation behind an error is not read', 'cont "x" text {A}', 'close 1002'],

  ...['text', 'binary'].flatMap((first) => ['text', 'binary', 'text.more', 'binary.more'].map((second) =>
    ['5.4', `a ${second} inside a fragmented ${first}`, `${first}.more {A}[1/2] ${second} {B} cont {A}[2/2]`, 'close 1002'])),
  ['5.4', 'an empty text inside a fragmented one', 'text.more {A}[1/2] text cont {A}[2/2]', 'close 1002'],
  ['5.4', 'a new message begins where the last fragment was due', 'text.more {A}[1/3] cont.more {A}[2/3] text {B}', 'close 1002'],

  ['5.4', 'a ping between two fragments is answered at once', 'text.more {A}[1/2] ping "x" ; cont {A}[2/2]', 'pong "x" ; reply {A}'],
  ['5.4', 'an empty ping between two fragments', 'text.more {A}[1/2] ping ; cont {A}[2/2]', 'pong ; reply {A}'],
  ['5.4', 'a ping of 125 bytes between two fragments', 'text.more {A}[1/2] ping "x"*125 cont {A}[2/2]', 'pong "x"*125 reply {A}'],
  ['5.4', 'a ping behind an empty fragment', 'text.more ping "x" ; cont.more ping "y" ; cont {A}', 'pong "x" ; pong "y" ; reply {A}'],
  ['5.4', 'a ping between each two of five fragments',
    'text.more {A}[1/5] ping "1" ; cont.more {A}[2/5] ping "2" ; cont.more {A}[3/5] ping "3" ; cont.more {A}[4/5] ping "4" ; cont {A}[5/5]',
    'pong "1" ; pong "2" ; pong "3" ; pong "4" ; reply {A}'],
  ['5.4', 'several pings between two fragments', 'text.more {A}[1/2] ping "1" ping "2" ping "3" cont {A}[2/2]', 'pong "1" pong "2" pong "3" reply {A}'],
  ['5.4', 'a pong between two fragments', 'text.more {A}[1/2] pong "x" cont {A}[2/2]', 'reply {A}'],
  ['5.4', 'a ping within a character', 'text.more "[%c3" ping "%ff" cont "%a9]" text {A}', 'pong "%ff" reply {A}'],
  ['5.4', 'a close between two fragments', 'text.more {A}[1/2] close 1000 cont {A}[2/2]', 'close 1000'],
  ['5.4', 'a bad ping between two fragments', 'text.more {A}[1/2] ping.more "x" cont {A}[2/2]', 'close 1002'],
];
