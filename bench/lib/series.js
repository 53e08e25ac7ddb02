// Runs that take turns, so that other work on the machine hits all alike.
'use strict';

const fs = require('fs');
const os = require('os');
const { median } = require('./table.js');
const { runUndisturbed } = require('./quiet.js');

function environment(opt) {
  const cpus = os.cpus();
  return {
    date: new Date().toISOString(), cpu: cpus[0].model, cores: cpus.length, memory_bytes: os.totalmem(),
    kernel: os.release(), node: process.version, load_before: os.loadavg()[0], quick: opt.quick, repeat: opt.repeat,
  };
}

// `plan`: [{ name, servers, run(who), complaints(run) }], measured one after the other; in each
// the servers take turns, beginning with another each repetition. One line of JSON for each
// run goes to the file `out`, after one that describes the machine. `patience`: see
// runUndisturbed(). `tell(run, wrong)` is called after each. { where, runs, unsound }
async function measure(plan, { repeat, quick, out, patience }, tell) {
  const where = environment({ repeat, quick }), runs = [], unsound = [];
  const file = out ? fs.openSync(out, 'w') : null;
  const write = (value) => { if (file !== null) fs.writeSync(file, JSON.stringify(value) + '\n'); };

  write(where);
  for (const { name, servers, run, complaints } of plan) {
    for (let repetition = 0; repetition < repeat; repetition++) {
      for (let i = 0; i < servers.length; i++) {
        const who = servers[(i + repetition) % servers.length];
        const faulty = (one) => complaints(one).length > 0;
        const done = { ...await runUndisturbed(() => run(who), faulty, patience || 0), repetition };
        const wrong = complaints(done).join(', ');
        runs.push(done);
        write(done);
        if (wrong) unsound.push(`${done.server}/${name}: ${wrong}`);
        tell(done, wrong);
      }
    }
  }
  if (file !== null) fs.closeSync(file);
  return { where, runs, unsound };
}

// How much others used the machine meanwhile.
function company(runs) {
  const shares = runs.map((run) => run.others).filter((share) => typeof share === 'number');
  const percent = (share) => `${(share * 100).toFixed(0)} %`;
  return shares.length ? `; others had ${percent(median(shares))} of the cores, ` +
    `${percent(Math.max(...shares))} at most` : '';
}

// Over the tables: who was measured where.
function heading({ where, runs }) {
  const banners = [...new Set(runs.map((run) => run.banner).filter(Boolean))];
  const redis = runs.map((run) => run.redis).find(Boolean);
  return `${banners.join(', ')}${redis ? `, Redis ${redis}` : ''}; Node ${where.node}; ${where.cpu}, ${where.cores} cores, ` +
    `Linux ${where.kernel}${company(runs)}; medians of ${where.repeat}${where.quick ? ', quick' : ''}`;
}

// Under them: what was wrong.
function faults(unsound) {
  return unsound.length ? `\nNot sound:\n- ${unsound.join('\n- ')}` : '';
}

module.exports = { faults, heading, measure };
