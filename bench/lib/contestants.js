// Whom bench/run measures: how each is started, and what the load tool must be told.
'use strict';

const { execFileSync } = require('child_process');
const fs = require('fs');
const path = require('path');
const nchan = require('./nchan.js');
const { installed, peer, peerModule, startServer, tool } = require('./processes.js');

const COMETD = peer('cometd/target');
const CENTRIFUGE = peer('centrifuge/target/centrifuge-peer');
// What tables call them, in their order.
const NAMES = {
  'fayed': 'fayed', 'fayed-2': 'fayed, 2 workers', 'faye': 'Faye', 'floor-ws': 'floor-ws', 'floor-poll': 'floor-poll', 'nchan': 'nchan',
  'cometd': 'CometD', 'centrifuge': 'Centrifuge',
};
// Longer than any run: nothing comes of its own while somebody measures.
const TIMEOUT_S = '600';

// Whether the daemon can have several workers; older ones have always one.
function hasWorkers(fayed) {
  return /^\s+--workers /m.test(execFileSync(fayed, ['--help'], { encoding: 'utf8' }));
}

// Its arguments for so many.
function workers(fayed, count) {
  return hasWorkers(fayed) ? ['--workers', String(count)] : [];
}

function builtTool(name) {
  try {
    return tool(name) && null;
  } catch (error) {
    return error.message;
  }
}

// `start` takes the core to stay on and for fayed a command to be started through. `pids` if
// more than the first process is meant. `clean`: must end with status 0 when told.
// `missing` says why it cannot be had; null: it can. `args`: for the load tool.
function contestants(opt) {
  const more = (opt['fayed-args'] || '').split(' ').filter(Boolean);

  function fayed(count) {
    return {
      missing: () => (!opt.fayed ? '--fayed is needed'
        : count > 1 && !hasWorkers(opt.fayed) ? 'this fayed has no --workers' : null),
      start(core, through = []) {
        const [command, ...args] = [...through, opt.fayed, '--listen', '127.0.0.1:0', '--timeout', TIMEOUT_S,
          ...workers(opt.fayed, count), ...more];
        return startServer(command, args, { core });
      },
      args: (server) => ['--url', server.url],
      clean: true,
    };
  }

  return {
    'fayed': fayed(1),
    'fayed-2': fayed(2),
    'faye': {
      missing: () => (peerModule('faye') ? null : 'run "npm ci" in bench/peers'),
      start: (core) => startServer(process.execPath, [peer('faye-memory.js'), '0', TIMEOUT_S], { core }),
      args: (server) => ['--url', server.url],
    },
    'floor-ws': {
      missing: () => builtTool('floor-ws'),
      start: (core) => startServer(tool('floor-ws'), [], { core }),
      args: (server) => ['--protocol', 'raw-ws', '--url', server.url],
    },
    'floor-poll': {
      missing: () => builtTool('floor-poll'),
      start: (core) => startServer(tool('floor-poll'), [], { core }),
      args: (server) => ['--protocol', 'raw-polling', '--url', `${server.url}/poll`, '--pub-url', `${server.url}/publish`],
    },
    'nchan': nchan,
    'cometd': {
      missing: () => (!fs.existsSync(path.join(COMETD, 'classes', 'Peer.class')) ? 'run bench/peers/setup-cometd'
        : installed('java') ? null : 'java is missing'),
      start: (core) => startServer('java', ['-cp', `${COMETD}/classes:${COMETD}/lib/*`, 'Peer', TIMEOUT_S], { core }),
      args: (server) => ['--url', server.url, '--warmup', '6'], // its code is compiled as it runs
    },
    'centrifuge': {
      missing: () => (fs.existsSync(CENTRIFUGE) ? null : 'run bench/peers/setup-centrifuge'),
      start: (core) => startServer('env', ['GOMAXPROCS=1', CENTRIFUGE], { core }), // one core, whatever there are
      args: (server) => ['--protocol', 'centrifuge', '--url', `${server.url}/connection/websocket`,
        '--pub-url', `${server.url}/publish?c=`],
    },
  };
}

module.exports = { NAMES, contestants, workers };
