// Plays the tests that case files have registered, several side by side, and those that want to be alone afterwards.
import fs from 'node:fs';
import { Context, endShared, tests } from './harness.mjs';
import { within } from './wait.mjs';

// Imports the files of a folder in their order; each registers its tests.
export async function loadCases(folder) {
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
export async function play({ command, faye = false, only = '', jobs = 4, verbose = false }) {
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

// Ends the process, whatever still runs, once all that was said has left: into a pipe it may still be on its way.
export async function leave(status) {
  await new Promise((done) => process.stdout.write('', done));
  process.exit(status);
}
