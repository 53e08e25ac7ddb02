// RFC 6455, section 8.1: text is UTF-8. What is valid must pass whole, wherever it is torn; what is not fails with 1007 as
// soon as it shows. The notation: lib/notation.mjs; %ff is a byte.
import { payloadLength } from '../lib/notation.mjs';

const valid = {
  'nothing but ASCII': 'Hello',
  'two bytes': 'éß',
  'three bytes': '€中',
  'four bytes': '😀𝄞',
  'all lengths': 'aé€😀€éa',
  'Greek': 'κόσμε',
  'the first of two bytes': '%c2%80',
  'the last of two bytes': '%df%bf',
  'the first of three bytes': '%e0%a0%80',
  'the last before the surrogates': '%ed%9f%bf',
  'the first behind the surrogates': '%ee%80%80',
  'the last of three bytes, no character': '%ef%bf%bf',
  'the replacement character': '%ef%bf%bd',
  'a byte order mark': '%ef%bb%bf',
  'the first of four bytes': '%f0%90%80%80',
  'the last character': '%f4%8f%bf%bf',
  'what is no character in other planes': '%f0%9f%bf%be%f3%bf%bf%bf',
  'DEL': '%7f',
};

const invalid = {
  'a lone continuation': '%80',
  'the last lone continuation': '%bf',
  'two lone continuations': '%80%bf',
  'a continuation too many': '%c3%a9%a9',
  'a start of two bytes and a blank': '%c3 ',
  'a start of three bytes and a blank': '%e2 ',
  'two of three bytes': '%e2%82x',
  'three of four bytes': '%f0%9f%98x',
  'a start behind a start': '%c3%c3%a9',
  'a character begins within another': '%e2%82%c3%a9',
  'FE': '%fe',
  'FF': '%ff',
  'an overlong slash in two bytes': '%c0%af',
  'an overlong slash in three': '%e0%80%af',
  'an overlong slash in four': '%f0%80%80%af',
  'an overlong slash in five': '%f8%80%80%80%af',
  'an overlong slash in six': '%fc%80%80%80%80%af',
  'an overlong NUL': '%c0%80',
  'the greatest overlong of two bytes': '%c1%bf',
  'the greatest overlong of three bytes': '%e0%9f%bf',
  'the greatest overlong of four bytes': '%f0%8f%bf%bf',
  'the first surrogate': '%ed%a0%80',
  'the last of the high surrogates': '%ed%af%bf',
  'the first of the low surrogates': '%ed%b0%80',
  'the last surrogate': '%ed%bf%bf',
  'a pair of surrogates': '%ed%a0%bd%ed%b8%80',
  'the first above 10FFFF': '%f4%90%80%80',
  'the least with F5': '%f5%80%80%80',
  'the greatest of four bytes': '%f7%bf%bf%bf',
  'five bytes': '%f8%88%80%80%80',
  'six bytes': '%fc%84%80%80%80%80',
};

const splits = (script) => Array.from({ length: payloadLength(script) + 1 }, (_, at) => at);

// Two fragments, torn at every byte: in the word and around it.
const tornFragments = (word, back) => splits(`text {${word}}`).map((at) =>
  [`its first fragment has ${at} bytes`, `text.more {${word}}[..${at}] cont {${word}}[${at}..]`, back]);
const forms = (word, back) => [
  ['in one frame', `text {${word}}`, back],
  ...tornFragments(word, back),
  ['a ping comes in its middle', `text.more {${word}}[1/2] ping "x" cont {${word}}[2/2]`, `pong "x" ${back}`],
];

const lines = (words, backOf) => Object.entries(words).flatMap(([what, word]) =>
  forms(word, backOf(word)).map(([how, sent, back]) => ['8.1', `${what}: ${how}`, sent, back]));

// Text that ends too soon is no JSON either; that it fails shows that this was looked at first.
const UNFINISHED = ['%c3', '%e2', '%e2%82', '%f0', '%f0%9f', '%f0%9f%98'];

const fragmentsOfOneByte = (word) => splits(`text {${word}}`).map((at) => `{${word}}[${at}..${at + 1}]`).join(' cont.more ');

export const validText = [
  ...lines(valid, (word) => `reply {${word}}`),
  ['8.1', 'every byte is a fragment', `text.more ${fragmentsOfOneByte('aé€😀')} cont`, 'reply {aé€😀}'],
  ['8.1', 'a character is torn by empty fragments', 'text.more "[%f0" cont.more "%9f" cont.more cont.more "%98" cont "%80]" text {A}', 'reply {A}'],
  ['8.1', 'a long text of four bytes each', `text "${'😀'.repeat(5000)}" text {A}`, 'reply {A}'],
  ['8.1', 'half a character does not carry over into the next message', 'binary "%c3" text {A} binary "%f0%9f" text {é}', 'reply {A} reply {é}'],
  ['8.1', 'a binary message in fragments is not looked at', 'binary.more "%c3" cont "%ff" text {A}', 'reply {A}'],
];

export const invalidText = [
  ...Object.entries(invalid).flatMap(([what, word]) => [
    ['8.1', `${what}: in one frame`, `text {${word}}`, 'close 1007'],
    ...tornFragments(word, 'close 1007').map(([how, sent, back]) => ['8.1', `${what}: ${how}`, sent, back]),
    ['8.1', `${what}: with nothing around it`, `text "${word}"`, 'close 1007'],
  ]),
  ...UNFINISHED.flatMap((word) => [
    ['8.1', `it ends with ${word}`, `text "[]${word}"`, 'close 1007'],
    ['8.1', `it ends with ${word} in a fragment of its own`, `text.more "[]" cont "${word}"`, 'close 1007'],
    ['8.1', `it ends with ${word} and an empty fragment`, `text.more "[]${word}" cont`, 'close 1007'],
    ['8.1', `it would end with ${word} if it ended`, `text.more "[]${word}" ; ping "x" ; cont`, ' ; pong "x" ; close 1007'],
  ]),

  ['8.1', 'it fails with the first fragment, not the last', 'text.more "abc%ff"', 'close 1007'],
  ['8.1', 'it fails with a fragment between', 'text.more "abc" ; cont.more "%ff" ; cont', ' ; close 1007'],
  ['8.1', 'it fails with the byte, not the frame', 'text.of1000 "abc%ff"', 'close 1007'],
  ['8.1', 'it fails as soon as four bytes would be too great', 'text.of1000 "abc%f4%90"', 'close 1007'],
  ['8.1', 'it fails as soon as three bytes would be a surrogate', 'text.of1000 "abc%ed%a0"', 'close 1007'],
  ['8.1', 'it fails as soon as it is overlong', 'text.of1000 "abc%e0%80"', 'close 1007'],
  ['8.1', 'it fails far into a long text', `text "${'x'.repeat(100000)}%ff"`, 'close 1007'],
  ['8.1', 'what came before is done, what comes behind is not', 'text {A} ; text {%ff} text {B}', 'reply {A} ; close 1007'],
  ['8.1', 'a ping before it is answered', 'ping "x" text "%ff"', 'pong "x" close 1007'],
];
