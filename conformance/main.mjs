// Replays recorded cases against a Bayeux server, or records them. See README.md.
import path from 'node:path';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { hopeless, judge, show } from './compare.mjs';
import { Corpus } from './corpus.mjs';
import { Player } from './player.mjs';
import { Server, realFaye } from './server.mjs';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const { values: opt } = parseArgs({
  options: {
    fayed: { type: 'string', default: process.env.FAYED },
    faye: { type: 'boolean', default: false },
    url: { type: 'string' },
    cases: { type: 'string', default: here('cases') },
    filter: { type: 'string', default: '' },
    jobs: { type: 'string', default: '24' },
    record: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
  },
});
if (!opt.url && !opt.faye && !opt.fayed) {
  console.error('usage: run --fayed PATH | --faye | --url URL  [--filter RE] [--verbose]');
  process.exit(2);
}

// Faye has no limits, and two cases go beyond those that fayed has unless told otherwise: 1,000 messages in a batch,
// 400 levels of nesting. And it brings its client along.
const fayedOptions = () => ['--limit-batch-messages', '1000', '--limit-nesting', '500',
  '--client-dir', path.dirname(createRequire(import.meta.url).resolve('faye/client/faye-browser-min.js'))];

const corpus = new Corpus(opt.cases);
const chosen = corpus.matching(opt.filter);
const tally = { passed: 0, failed: 0 };

function fail(name, lines) {
  tally.failed++;
  console.log(`FAIL ${name}\n${lines.map((line) => `     ${line}`).join('\n')}`);
}

async function play(base, test) {
  const results = await new Player(base).play(test.steps, opt.record ? undefined : hopeless(test));
  if (opt.record) test.expect = results;
  const lines = opt.record ? results.filter((result) => result?.failed || result?.short).map(show) : judge(test, results);
  if (lines.length) fail(test.name, lines);
  else {
    tally.passed++;
    if (opt.verbose) console.log(`ok   ${test.name}`);
  }
}

// Slow cases mostly wait, so they all start at once beside the pool; serial ones run alone, last.
async function playAll(base) {
  const queue = chosen.filter((test) => !test.slow && !test.serial);
  const worker = async () => { while (queue.length) await play(base, queue.shift()); };
  await Promise.all([
    ...chosen.filter((test) => test.slow).map((test) => play(base, test)),
    ...Array.from({ length: Number(opt.jobs) }, worker),
  ]);
  for (const test of chosen.filter((test) => test.serial)) await play(base, test);
}

async function playOwnServer() {
  const [command, options] = opt.faye ? [realFaye(), []] : [[opt.fayed], fayedOptions()];
  const server = await Server.start(command, ['--listen', '127.0.0.1:0', '--timeout', '5', '--ping', '2', ...options]);
  await playAll(new URL(server.url));
  const complaints = await server.stop();
  if (complaints.length) fail('the server itself', complaints);
}

await (opt.url ? playAll(new URL(opt.url)) : playOwnServer());
if (opt.record) corpus.save();
console.log(`${tally.passed} passed, ${tally.failed} failed`);
process.stdout.write('', () => process.exit(tally.failed ? 1 : 0)); // once all that was said has left
