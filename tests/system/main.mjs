// Plays the tests of cases/ against fayed, or against the real Faye what that can do too. See README.md.
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { realFaye } from '../../conformance/server.mjs';
import { Context, endShared, tests } from './lib/harness.mjs';
import { within } from './lib/wait.mjs';

const { values: opt } = parseArgs({
  options: {
    fayed: { type: 'string', default: process.env.FAYED },
    faye: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    jobs: { type: 'string', default: '4' },
    verbose: { type: 'boolean', default: false },
  },
});
if (!opt.faye && !opt.fayed) {
  console.error('usage: run --fayed PATH | --faye  [--only RE] [--jobs N] [--verbose]');
  process.exit(2);
}
const command = opt.faye ? realFaye() : [path.resolve(opt.fayed)];

const cases = new URL('cases/', import.meta.url);
for (const name of fs.readdirSync(cases).filter((name) => name.endsWith('.mjs')).sort()) await import(new URL(name, cases));

const wanted = new RegExp(opt.only);
const chosen = tests().filter(({ name, faye }) => wanted.test(name) && (faye || !opt.faye));
const tally = { passed: 0, failed: 0 };

async function play({ name, body, ms }) {
  const started = Date.now();
  const t = new Context(command);
  const faults = [];
  try { await within(body(t), () => 'the test to end', ms); } catch (error) { faults.push(error); }
  try { await within(t.finish(), () => 'the clean-up', ms); } catch (error) { faults.push(error); }
  if (faults.length) {
    tally.failed++;
    console.log(`FAIL ${name}`);
    for (const fault of faults) console.log(String(fault.stack ?? fault).slice(0, 4000).replace(/^/gm, '     '));
  } else {
    tally.passed++;
    if (opt.verbose) console.log(`ok   ${name} (${Date.now() - started} ms)`);
  }
}

// A test that failed leaves waits behind, which fail later; it has been counted.
process.on('unhandledRejection', (fault) => { if (opt.verbose) console.error(`left behind: ${fault}`); });

const queue = chosen.filter(({ alone }) => !alone);
const worker = async () => { while (queue.length) await play(queue.shift()); };
await Promise.all(Array.from({ length: Number(opt.jobs) }, worker));
for (const one of chosen.filter(({ alone }) => alone)) await play(one);
await endShared();

console.log(`${tally.passed} passed, ${tally.failed} failed`);
process.exit(tally.failed || !chosen.length ? 1 : 0);
