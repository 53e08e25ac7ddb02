// Does bayeux-load count right? Against servers that make faults of known
// number its counts must be theirs.
'use strict';

const { peer, runLoad, startServer } = require('./processes.js');

async function against(server, args) {
  const faulty = await startServer(process.execPath, [peer(server)]);
  const load = await runLoad([...args(faulty.url), '--drain', '3']);
  const { stdout } = await faulty.stop();
  return { load, made: JSON.parse(stdout) };
}

// Complaints, one text each.
function differences(made, figures, pairs) {
  const all = [];
  for (const [mine, theirs] of pairs)
    if (figures[mine] !== theirs || theirs === 0)
      all.push(`counted ${mine} ${figures[mine]}, there were ${theirs}`);
  for (const key of ['wrong_pongs', 'wrong_commands', 'repeated_ids', 'protocol_errors'])
    if (made[key]) all.push(`${key} ${made[key]}`);
  return all;
}

async function webSocketFrames() {
  const { load, made } = await against('faulty-ws.js',
    (url) => ['fanout', '--protocol', 'raw-ws', '--url', url, '--clients', '20', '--rate', '1000', '--count', '1500']);
  if (load.status !== 1 || !load.figures) return [`exit status ${load.status}: ${load.stderr}`];
  return differences(made, load.figures, [
    ['lost', made.dropped], ['duplicated', made.duplicated], ['out_of_order', made.swapped],
    ['pings', made.pongs], ['pings', made.pings],
  ]);
}

async function bayeux() {
  const { load, made } = await against('faulty-bayeux.js',
    (url) => ['fanout', '--transport', 'mixed', '--url', url, '--clients', '20', '--rate', '200', '--count', '400']);
  if (load.status !== 1 || !load.figures) return [`exit status ${load.status}: ${load.stderr}`];
  if (load.figures.rehandshakes) return ['a session was given up'];
  return differences(made, load.figures, [
    ['lost', made.dropped + made.damaged], ['damaged', made.damaged],
    ['duplicated', made.duplicated], ['unexpected', made.misrouted],
    ['connections_lost', made.hung_up], ['sent_again', made.sent_again],
  ]);
}

async function centrifuge() {
  const { load, made } = await against('faulty-centrifuge.js',
    (url) => ['fanout', '--protocol', 'centrifuge', '--url', `${url}/connection/websocket`, '--pub-url', `${url}/publish?c=`,
      '--clients', '20', '--rate', '1000', '--count', '1500']);
  if (load.status !== 1 || !load.figures) return [`exit status ${load.status}: ${load.stderr}`];
  return differences(made, load.figures, [
    ['lost', made.dropped + made.damaged + made.misrouted], ['damaged', made.damaged],
    ['duplicated', made.duplicated], ['out_of_order', made.swapped],
    ['unexpected', made.misrouted + made.farewells], ['setup_errors', made.refused],
    ['pings', made.pings], ['pings', made.pongs],
  ]);
}

module.exports = [
  { name: 'self check: frames', run: webSocketFrames },
  { name: 'self check: Bayeux', run: bayeux },
  { name: 'self check: Centrifugo\'s protocol', run: centrifuge },
];
