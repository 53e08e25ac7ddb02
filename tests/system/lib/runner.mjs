// Plays the tests that case files have registered, several side by side, and those that want to be alone afterwards.
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { realFaye } from '../../../conformance/server.mjs';
import { Context, endShared, tests } from './harness.mjs';
import { within } from './wait.mjs';

// Imports the files of a folder in their order; each registers its tests.
async function loadCases(folder) {
  const names = fs.readdirSync(folder).filter((name) => name.endsWith('.mjs')).sort();
  for (const name of names) await import(new URL(name, folder));
}

// Resolves to the faults of one test, none when it passed.
async function faultsOf({ body, ms }, command) {
  const t = new Context(command);
  const faults = [];
  try { await within(body(t), () => 'the test to end', ms); } catch (error) { faults.push(error); }
  try { await within(t.finish(), () => 'the clean-up', ms); } catch (error) { faults.push(error); }
  return faults;
}

// Plays those whose names match `only` (and those that the real Faye can do too, when it is the one under test).
// Says what failed and, last, "N passed, N failed". Resolves to the exit status.
async function play({ command, faye = false, only = '', jobs = 4, verbose = false }) {
  const wanted = new RegExp(only);
  const chosen = tests().filter((one) => wanted.test(one.name) && (one.faye || !faye));
  const tally = { passed: 0, failed: 0 };

  // A test that failed leaves waits behind, which fail later; it has been counted.
  process.on('unhandledRejection', (fault) => { if (verbose) console.error(`left behind: ${fault}`); });

  const playOne = async (one) => {
    const started = Date.now();
    const faults = await faultsOf(one, command);
    tally[faults.length ? 'failed' : 'passed']++;
    if (faults.length) console.log(`FAIL ${one.name}`);
    else if (verbose) console.log(`ok   ${one.name} (${Date.now() - started} ms)`);
    for (const fault of faults) console.log(String(fault.stack ?? fault).slice(0, 4000).replace(/^/gm, '     '));
  };
  const queue = chosen.filter(({ alone }) => !alone);
  const worker = async () => { while (queue.length) await playOne(queue.shift()); };
  await Promise.all(Array.from({ length: jobs }, worker));
  for (const one of chosen.filter(({ alone }) => alone)) await playOne(one);
  await endShared();

  console.log(`${tally.passed} passed, ${tally.failed} failed`);
  return tally.failed || !chosen.length ? 1 : 0;
}

// The command of what is tested; none where the tests start what they need.
function commandOf(opt) {
  if (opt.faye) return realFaye();
  return opt.fayed && [path.resolve(opt.fayed)];
}

// Takes the arguments and plays the tests in the folder `cases`, `jobs` at a time unless told otherwise. `against` names
// what can be tested: "fayed", "faye". `prepare` gets the options before the cases are loaded.
export async function main({ cases, against = [], jobs, prepare = () => {} }) {
  const options = {
    only: { type: 'string', default: '' },
    jobs: { type: 'string', default: String(jobs) },
    verbose: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
  };
  if (against.includes('fayed')) options.fayed = { type: 'string', default: process.env.FAYED };
  if (against.includes('faye')) {
    options.faye = { type: 'boolean', default: false };
    options.chunked = { type: 'boolean', default: false };
  }
  const { values: opt } = parseArgs({ options });
  if (against.length && !opt.fayed && !opt.faye && !opt.list) {
    const faye = against.includes('faye') ? ' | --faye' : '';
    console.error(`usage: run --fayed PATH${faye} | --list  [--only RE] [--jobs N] [--verbose]`);
    process.exit(2);
  }
  prepare(opt);
  await loadCases(cases);
  if (opt.list) {
    for (const { name } of tests()) console.log(name);
    await leave(0);
  }
  await leave(await play({ ...opt, command: commandOf(opt), jobs: Number(opt.jobs) }));
}

// Ends the process, whatever still runs, once all that was said has left: into a pipe it may still be on its way.
async function leave(status) {
  await new Promise((done) => process.stdout.write('', done));
  process.exit(status);
}
