// RFC 6455, sections 5.5.2 and 5.5.3; closes are in closing.mjs. The notation: lib/notation.mjs.
const sizes = Array.from({ length: 126 }, (_, size) => size);

export const control = [
  ['5.5.2', 'a ping', 'ping "Hello"', 'pong "Hello"'],
  ...sizes.map((size) => ['5.5.2', `a ping of ${size} bytes`, `ping "x"*${size}`, `pong "x"*${size}`]),
  ['5.5.2', 'a ping holds any bytes', 'ping "%00%ff%fe%80%c0"', 'pong "%00%ff%fe%80%c0"'],
  ['5.5.2', 'a ping is answered behind a message', 'text {A} ping "x"', 'pong "x" reply {A}'],
  ['5.5.2', 'a ping is answered before a message', 'ping "x" text {A}', 'pong "x" reply {A}'],
  ['5.5.2', 'ten pings', '10x ping "x"', '10x pong "x"'],
  ['5.5.2', 'four pings one by one', 'ping "0" ; ping "1" ; ping "2" ; ping "3"', 'pong "0" ; pong "1" ; pong "2" ; pong "3"'],
  ['5.5.2', 'three different pings in order', 'ping "a" ping "b" ping "c"', 'pong "a" pong "b" pong "c"'],
  ['5.5.2', 'a thousand pings of 125 bytes', '1000x ping "x"*125', '1000x pong "x"*125'],

  ['5.5.3', 'a pong that nobody asked for', 'pong', ''],
  ['5.5.3', 'a pong that nobody asked for, with something in it', 'pong "x" text {A}', 'reply {A}'],
  ['5.5.3', 'a pong of 125 bytes', 'pong "x"*125', ''],
  ['5.5.3', 'pongs that look like ours', 'pong "0" pong "1" pong "18446744073709551615" pong "-1" pong "1x" text {A}', 'reply {A}'],
  ['5.5.3', 'pings and pongs', 'ping "a" pong "b" ping "c" pong', 'pong "a" pong "c"'],
  ['5.5.3', 'a thousand pongs', '1000x pong "x" text {A}', 'reply {A}'],

  ...['ping', 'pong', 'close'].flatMap((kind) => [
    ['5.5', `a ${kind} of 126 bytes`, `${kind} "x"*126`, 'close 1002'],
    ['5.5', `a ${kind} of 65536 bytes`, `${kind} "x"*65536`, 'close 1002'],
    ['5.5', `a ${kind} whose length needs no 16 bits`, `${kind}.len16 1000`, 'close 1002'],
    ['5.5', `a ${kind} whose length needs no 64 bits`, `${kind}.len64 1000`, 'close 1002'],
    ['5.5', `a ${kind} in fragments`, `${kind}.more 1000 cont`, 'close 1002'],
    ['5.5', `an empty ${kind} without FIN`, `${kind}.more`, 'close 1002'],
    ['5.5', `a ${kind} in fragments behind a message`, `text {A} ; ${kind}.more 1000 ; text {B}`, 'reply {A} ; close 1002'],
  ]),
];
