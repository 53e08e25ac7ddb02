// One run of one scenario of bench/cluster, and whether it was sound.
'use strict';

const scenarios = require('./cluster-scenarios.js');

// { scenario, server, banner, redis, ends, status, stderr, figures }
async function runOnce(who, contestant, name, quick) {
  const scenario = scenarios[name];
  const isFloor = who === 'script' || who === 'publish';
  const { times, quick: brief } = isFloor ? scenario.floor : scenario;
  const patience = ['--drain', contestant.clean ? '20' : '2'];
  const args = [...(isFloor ? [] : [...scenario.args, ...patience, '--name', `${who}/${name}`]),
    ...(quick ? brief : times), ...(quick && !isFloor ? ['--settle', '0'] : [])];
  const server = await contestant.start(scenario.nodes || 2);
  let load, ends;
  try {
    load = await server.load(args, scenario.kill);
  } finally {
    ends = await server.stop(scenario.kill);
  }
  return { scenario: name, server: who, banner: server.banner, redis: server.redis, ends, ...load };
}

// What must not be, one text each; of the others only that they could be measured.
function complaints(run, { clean }) {
  const f = run.figures, { kill } = scenarios[run.scenario];
  if (!f) return [`no figures (${run.status}) ${run.stderr}`];
  if (!clean) return [];
  const wrong = ['not_ready', 'lost', 'duplicated', 'out_of_order', 'unexpected', 'damaged', 'refused',
    'rehandshakes', ...(kill ? [] : ['lost_unacked', 'sent_again', 'skipped'])]
    .filter((key) => f[key]).map((key) => `${key} ${f[key]}`);
  if (kill && f.served_again !== f.clients) wrong.push(`${f.served_again} of ${f.clients} served after the kill`);
  if (f.delivered === 0) wrong.push('nothing was delivered');
  if (run.status !== 0) wrong.push(`exit status ${run.status}`);
  if (run.ends.some((status) => status !== 0)) wrong.push(`nodes ended with ${run.ends.join(', ')}`);
  if (wrong.length && run.stderr) wrong.push(run.stderr);
  return wrong;
}

module.exports = { complaints, runOnce };
