// How busy others keep the machine: the cores' idle time while nothing of ours runs.
'use strict';

const fs = require('fs');

const LOOK_MS = 250, QUIET = 0.1;

function ticks() {
  const all = fs.readFileSync('/proc/stat', 'latin1').split('\n')[0].trim().split(/\s+/).slice(1, 9).map(Number);
  return { idle: all[3] + all[4], all: all.reduce((sum, one) => sum + one, 0) };
}

function rest(ms) {
  return new Promise((resolve) => { setTimeout(resolve, ms); });
}

// Waits for a quiet moment, but not longer than `patience_s`. The share of all cores that was
// in use at the end.
async function waitForQuiet(patience_s) {
  for (const end = Date.now() + patience_s * 1000; ;) {
    const before = ticks();
    await rest(LOOK_MS);
    const after = ticks(), busy = 1 - (after.idle - before.idle) / (after.all - before.all || 1);
    if (busy <= QUIET || Date.now() >= end) return busy;
  }
}

module.exports = { waitForQuiet };
