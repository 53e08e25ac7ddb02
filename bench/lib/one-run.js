// One run of one scenario against one server, fresh for it: none inherits another's garbage
// or its connections that have yet to time out.
'use strict';

const fs = require('fs');
const { cores, runLoad } = require('./processes.js');

const SPARE = 400; // descriptors that a server keeps back or the load tool has besides

function openFileLimit() {
  const line = /^Max open files\s+(\S+)\s+(\S+)/m.exec(fs.readFileSync('/proc/self/limits', 'utf8'));
  return line[2] === 'unlimited' ? Infinity : Number(line[2]);
}

// Why it cannot be run here; null: it can.
function lacking(scenario) {
  const files = openFileLimit();
  return (scenario.files || 0) > files ? `needs ${scenario.files} open files, "ulimit -Hn" is ${files}` : null;
}

function times(scenario, quick, seconds) {
  if (scenario.fixed) return quick ? ['--settle', '0.1', '--duration', '0'] : [];
  return quick ? ['--settle', '0.1', '--warmup', '0.1', '--duration', '0.4']
    : ['--warmup', '1', '--duration', String(seconds || scenario.seconds || 3)];
}

// Idle ones beside, as many as fit. floor-poll has no WebSockets: they would cost it
// nothing, since libmicrohttpd would know nothing of them.
function company(scenario, who, quick) {
  if (!scenario.beside) return [];
  const wanted = quick ? 500 : scenario.beside;
  const count = String(Math.min(wanted, Math.floor((openFileLimit() - SPARE) / 2)));
  return ['--idle-polling', count, '--setup-timeout', '120', ...(who === 'floor-poll' ? [] : ['--idle-ws', count])];
}

// `seconds` of measuring, if not as the scenario says.
function scenarioArgs(scenario, who, quick, seconds) {
  const args = (scenario.instead && scenario.instead[who]) || (quick && scenario.small) || scenario.args;
  return [...args, ...times(scenario, quick, seconds), ...company(scenario, who, quick)];
}

// Where the two run; {}: anywhere.
function places({ cores: where }) {
  if (!cores || where === 'any') return {};
  return where === 'one' ? { server: cores.server, load: cores.server } : cores;
}

// { scenario, server, banner, fell, status, stderr, figures }
async function oneRun(name, scenario, who, contestant, quick) {
  const place = places(scenario);
  const server = await contestant.start(place.server);
  let load, stopped;
  try {
    load = await runLoad([...scenarioArgs(scenario, who, quick), ...contestant.args(server),
      '--server-pid', (server.pids || [server.pid]).join(','), '--name', `${who}/${name}`], place.load);
  } finally {
    stopped = await server.stop();
  }
  const fell = contestant.clean && stopped.status !== 0 ? `the server ended with ${stopped.status}` : null;
  return { scenario: name, server: who, banner: server.banner, fell, ...load };
}

// What must not be, one text each.
function complaints(run) {
  const f = run.figures;
  if (run.fell) return [run.fell];
  if (!f) return [`no figures (${run.status}) ${run.stderr}`];
  const wrong = ['not_ready', 'lost', 'lost_unacked', 'duplicated', 'out_of_order', 'unexpected', 'damaged',
    'refused', 'connections_lost'].filter((key) => f[key]).map((key) => `${key} ${f[key]}`);
  if (!wrong.length && run.status !== 0) wrong.push(`exit status ${run.status}`);
  return wrong;
}

module.exports = { complaints, lacking, oneRun, places, scenarioArgs };
