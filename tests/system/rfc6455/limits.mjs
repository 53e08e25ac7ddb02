// RFC 6455, section 10.4: what a message may cost, for a server with the limits below. The notation: lib/notation.mjs.
export const LIMITS = { 'limit-message-bytes': 1000, 'limit-batch-messages': 3, 'limit-nesting': 5 };

const batch = (count) => `text "[${Array(count).fill('{%22channel%22:%22/x/y%22,%22data%22:1,%22id%22:%22b%22}').join()}]"`;
const done = (count) => `text "[${Array(count).fill('{%22id%22:%22b%22,%22channel%22:%22/x/y%22,%22successful%22:true}').join()}]"`;
const nested = (depth) => `text "[{%22channel%22:%22/x/y%22,%22id%22:%22b%22,%22data%22:${'['.repeat(depth - 2)}${']'.repeat(depth - 2)}}]"`;
const refused = (why) => `text "[{%22successful%22:false,%22error%22:%22400::${why}%22}]"`;

export const limits = [
  ['10.4', 'a message of the limit', 'text {A}:1000 text {B}', 'reply {A} reply {B}'],
  ['10.4', 'a binary message of the limit', 'binary {A}:1000', 'reply {A}'],
  ['10.4', 'a message of the limit in two fragments', 'text.more {A}:1000[1/2] cont {A}:1000[2/2]', 'reply {A}'],
  ['10.4', 'a message of the limit with an empty fragment', 'text.more {A}:1000 cont', 'reply {A}'],
  ['10.4', 'a message of the limit in fragments of a byte', 'text.more {A} 956x cont.more " " cont', 'reply {A}'],
  ['10.4', 'many messages of the limit', '20x text {A}:1000', '20x reply {A}'],
  ['10.4', 'a message of the limit with pings in it', 'text.more {A}:1000[1/2] 9x ping "x"*125 cont {A}:1000[2/2]', '9x pong "x"*125 reply {A}'],

  ['10.4', 'a message of one byte more', 'text {A}:1001', 'close 1009'],
  ['10.4', 'a binary message of one byte more', 'binary {A}:1001', 'close 1009'],
  ['10.4', 'a message of one byte more in two fragments', 'text.more {A}:1001[1/2] cont {A}:1001[2/2]', 'close 1009'],
  ['10.4', 'a message of the limit, and a byte more in a last fragment', 'text.more {A}:1000 cont " "', 'close 1009'],
  ['10.4', 'the byte more is only announced', 'text.of1001 "["', 'close 1009'],
  ['10.4', 'a byte more is announced in the second fragment', 'text.more {A}:500 cont.of501 " "', 'close 1009'],
  ['10.4', 'a byte more in small fragments', 'text.more {A}:1000[..900] 101x cont.more " "', 'close 1009'],
  ['10.4', 'much more is announced', '<81 ff 00 00 00 ff ff ff ff ff 00 00 00 00 61>', 'close 1009'],
  ['10.4', 'what comes before is done, what comes behind is not', 'text {A} ; text {B}:1001 text {C}', 'reply {A} ; close 1009'],
  ['10.4', 'a limit is for one message', 'text.more {A}:900[1/2] cont {A}:900[2/2] text {B}:900', 'reply {A} reply {B}'],

  ['10.4', '1025 fragments', 'text.more {A} 1023x cont.more cont', 'reply {A}'],
  ['10.4', 'one fragment more', 'text.more {A} 1024x cont.more cont', 'close 1009'],
  ['10.4', 'fragments without an end', 'text.more 2000x cont.more', 'close 1009'],
  ['10.4', 'fragments are counted for each message', 'text.more {A} 1000x cont.more cont text.more {B} 1000x cont.more cont', 'reply {A} reply {B}'],

  ['10.4', 'three messages', batch(3), done(3)],
  ['10.4', 'four messages', `${batch(4)} text {A}`, `${refused('Too many messages')} reply {A}`],
  ['10.4', 'four messages, twice', `${batch(4)} ${batch(4)}`, `2x ${refused('Too many messages')}`],
  ['10.4', 'five levels', nested(5), done(1)],
  ['10.4', 'six levels', `${nested(6)} text {A}`, `${refused('Nested too deeply')} reply {A}`],
  ['10.4', '900 levels', `text "${'['.repeat(900)}" text {A}`, `${refused('Nested too deeply')} reply {A}`],
];
