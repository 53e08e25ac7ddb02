// Plays random sessions against the real Faye and fayed and compares what they answer. See ../README.md.
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { show } from '../compare.mjs';
import { realFaye, Server } from '../server.mjs';
import { newCounts, Round } from './round.mjs';
import { writeScript } from './script.mjs';
import { shrink } from './shrink.mjs';

const { values: opt } = parseArgs({
  options: {
    fayed: { type: 'string', default: process.env.FAYED },
    seed: { type: 'string' },
    seconds: { type: 'string', default: '30' },
    rounds: { type: 'string' },
    failures: { type: 'string', default: '5' },
    shrink: { type: 'string', default: '20' },
    verbose: { type: 'boolean', default: false },
  },
});
if (!opt.fayed) {
  console.error('usage: run --fayed PATH [--seed N] [--seconds S | --rounds N] [--failures N] [--shrink S] [--verbose]');
  process.exit(2);
}

const CONFORMANCE = fileURLToPath(new URL('..', import.meta.url));
const ARGS = ['--listen', '127.0.0.1:0', '--timeout', '5', '--ping', '2'];
// Faye has no limits.
const GENEROUS = ['--limit-batch-messages', '1000', '--limit-nesting', '500'];

const seed = Number(opt.seed ?? Math.floor(Math.random() * 1e9));
const rounds = opt.rounds ? Number(opt.rounds) : Infinity;
const until = opt.rounds ? Infinity : Date.now() + Number(opt.seconds) * 1000;
const tally = { passed: 0, failed: 0 };
const counts = newCounts();

const faye = await Server.start(realFaye(), ARGS, { cwd: CONFORMANCE });
const fayed = await Server.start([opt.fayed], [...ARGS, ...GENEROUS]);
const play = (script, counts) => new Round([faye.url, fayed.url], script, counts).play();

const indent = (text) => `     ${text}`;

async function report(seed, script, found) {
  const small = await shrink(script, found, play, Date.now() + Number(opt.shrink) * 1000);
  console.log([
    `FAIL seed ${seed}: replay with --seed ${seed} --rounds 1`,
    ...small.script.map((step) => indent(JSON.stringify(step))),
    indent(`differs at ${show(small.found.step)}`),
    ...small.found.lines.map(indent),
    indent(`Faye:  ${JSON.stringify(small.found.faye)}`),
    indent(`fayed: ${JSON.stringify(small.found.fayed)}`),
  ].join('\n'));
}

async function playSeed(seed) {
  const script = writeScript(seed);
  const found = await play(script, counts);
  if (found) {
    tally.failed++;
    await report(seed, script, found);
  } else {
    tally.passed++;
    if (opt.verbose) console.log(`ok   seed ${seed}, ${script.length} steps`);
  }
}

console.log(`seed ${seed}`);
for (let n = 0; n < rounds && Date.now() < until && tally.failed < Number(opt.failures); n++) {
  await playSeed(seed + n);
  if (faye.gone || fayed.gone) break;
}
for (const [name, server] of [['Faye', faye], ['fayed', fayed]]) {
  const complaints = await server.stop();
  if (!complaints.length) continue;
  tally.failed++;
  console.log(`FAIL ${name} itself\n${complaints.map(indent).join('\n')}`);
}
for (const [rule, times] of [...counts.rules].sort(([, a], [, b]) => b - a)) console.log(`rule, ${times} times: ${rule}`);
console.log(`compared ${counts.replies} replies, ${counts.deliveries} deliveries`);
console.log(`${tally.passed} passed, ${tally.failed} failed`);
process.stdout.write('', () => process.exit(tally.failed ? 1 : 0)); // once all that was said has left
