// How busy others keep the machine, and runs that they left alone.
'use strict';

const fs = require('fs');

const LOOK_MS = 250, QUIET = 0.1;

// Ticks of all cores, and those of this process and of the children that have ended.
function ticks() {
  const all = fs.readFileSync('/proc/stat', 'latin1').split('\n')[0].trim().split(/\s+/).slice(1, 9).map(Number);
  const own = fs.readFileSync('/proc/self/stat', 'latin1').replace(/^.*\) /, '').split(' ').slice(11, 15).map(Number);
  const sum = (list) => list.reduce((total, one) => total + one, 0);
  return { all: sum(all), busy: sum(all) - all[3] - all[4], own: sum(own) };
}

// The share of the cores that others had since `before`.
function othersSince(before) {
  const now = ticks(), others = now.busy - before.busy - (now.own - before.own);
  return Math.max(others, 0) / (now.all - before.all || 1);
}

function rest(ms) {
  return new Promise((resolve) => { setTimeout(resolve, ms); });
}

async function waitForQuiet(end) {
  for (let busy = 1; busy > QUIET && Date.now() < end;) {
    const before = ticks();
    await rest(LOOK_MS);
    busy = othersSince(before);
  }
}

// Does `run()`; when others used the machine meanwhile it is done again once they are quiet, for
// `patience_s` in all. What it gave the time they used it least, and their share as `others`;
// but one that was `faulty(done)` is never passed over.
async function runUndisturbed(run, faulty, patience_s) {
  const end = Date.now() + patience_s * 1000;
  let best = null;

  do {
    await waitForQuiet(end);
    const before = ticks(), done = await run(), others = othersSince(before);
    if (faulty(done)) return { ...done, others };
    if (!best || others < best.others) best = { ...done, others };
  } while (best.others > QUIET && Date.now() < end);
  return best;
}

module.exports = { runUndisturbed };
