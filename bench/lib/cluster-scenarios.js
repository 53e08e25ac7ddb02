// What bench/cluster measures: the arguments of the load tool, who takes part, and the
// figures to show.
'use strict';

// What fayed's nodes say to Redis themselves; anything else is called inside their scripts.
const SPOKEN = /^(auth|client|config|evalsha|hello|info|ping|quit|script|select|subscribe|unsubscribe)(\||$)/;

function callsByNodes(f) {
  const calls = Object.entries(f.redis_calls);
  const scripts = calls.some(([name]) => name === 'evalsha');
  return calls.filter(([name]) => !scripts || SPOKEN.test(name))
    .reduce((sum, [, n]) => sum + n, 0);
}

const perPublish = [
  { label: 'Redis commands per publish', of: (f) => f.redis_commands / f.published, digits: 1 },
  { label: 'of which the nodes send, the rest is inside scripts', of: (f) => callsByNodes(f) / f.published, digits: 2 },
];
const perPoll = [
  { label: 'Redis commands per poll answered', of: (f) => f.redis_commands / f.polls, digits: 1 },
  { label: 'of which the nodes send', of: (f) => callsByNodes(f) / f.polls, digits: 1 },
];
const lost = { label: 'lost', of: (f) => f.lost, digits: 0 };
const doubled = { label: 'doubled', of: (f) => f.duplicated + f.sent_again, digits: 0 };
const recovery = { label: 'ms until the last client is served again', of: (f) => (f.served_again === f.clients ? f.recovery_ms : null), digits: 0 };
const rate = { label: 'deliveries/s', of: (f) => f.deliveries_per_s, digits: 0 };
const p99 = { label: 'p99 in ms', of: (f) => f.p99_ms, digits: 1 };
const publishes = [
  { label: 'publishes/s accepted', of: (f) => f.acked_per_s, digits: 0, share: true },
  { label: 'CPU µs of Redis for each', of: (f) => (f.redis_cpu_s * 1e6) / f.published || null, digits: 1 },
  { label: 'CPU µs of the node for each', of: (f) => f.cpu_s_per_million_publishes || null, digits: 1 },
];
const polls = { label: 'polls answered/s', of: (f) => f.polls_per_s, digits: 0 };

const ws = (clients) => ['fanout', '--clients', String(clients)];
const polling = [...ws(100), '--transport', 'long-polling'];
// One message at a time on each of 20 channels of 5 pollers.
const rooms = ['pairs', '--clients', '100', '--channels', '20', '--publishers', '20', '--window', '1',
  '--transport', 'long-polling'];
const kill = ['--rate', '100', '--kill-after', '80'];

const timed = ['--duration', '2.5', '--warmup', '0.7'];
const count = (n) => ['--count', String(n)];
const both = ['fayed', 'faye'], three = ['fayed', 'faye', 'alone'];

// `on`: who takes part. `times`: how long; `quick`: instead, when only the messages are
// looked at; `floor`: the same for the programs without a server. `nodes`: how many share a
// Redis (2). `kill`: the last of them is killed meanwhile. A figure's `of` is null where there
// is none; with `share` the first column over the others is shown, too.
module.exports = {
  'commands10': { title: '10 WebSockets', args: ws(10), times: timed, quick: count(100), on: both, figures: perPublish },
  'commands100': { title: '100 WebSockets', args: ws(100), times: timed, quick: count(50), on: both, figures: perPublish },
  'commands1000': {
    title: '1,000 WebSockets', args: ws(1000), times: count(60), quick: count(5), on: both, figures: perPublish,
  },
  'commands-poll': {
    title: '100 pollers', args: polling, times: timed, quick: count(20), on: both, figures: perPoll,
  },
  'roaming': {
    title: '100 pollers, every request to any node, 30,000 deliveries', args: [...polling, '--non-sticky'],
    times: count(300), quick: count(40), on: both, figures: [lost, doubled],
  },
  'fanout': { title: '100 WebSockets', args: ws(100), times: timed, quick: count(100), on: three, figures: [rate] },
  'fanout-paced': {
    title: '… at 50 publishes/s', args: [...ws(100), '--rate', '50'], times: timed, quick: count(20), on: three,
    figures: [p99],
  },
  'polling': { title: '100 pollers', args: polling, times: timed, quick: count(40), on: three, figures: [rate] },
  'polling-paced': {
    title: '… at 20 publishes/s', args: [...polling, '--rate', '20'], times: timed, quick: count(20), on: three,
    figures: [p99],
  },
  // As many under way as floor-redis has, and one that hears.
  'publish': {
    title: '256 connections that POST to one node', args: ['http-publish', '--clients', '1', '--connections', '256'],
    times: timed, quick: count(2000), nodes: 1, on: ['fayed', 'faye', 'alone', 'script', 'publish'],
    figures: publishes, floor: { times: ['--seconds', '2.5'], quick: ['--seconds', '0.1'] },
  },
  'polls-staying': {
    title: '100 pollers that stay at their node', args: rooms, times: timed, quick: count(200), on: three,
    figures: [polls],
  },
  'polls-roaming': {
    title: '100 pollers, every request to the other node', args: [...rooms, '--alternate'], times: timed,
    quick: count(200), on: both, figures: [polls],
  },
  'kill-ws': {
    title: '100 WebSockets, 100 publishes/s, kill -9 of one node', args: [...ws(100), ...kill], times: count(300),
    quick: count(200), on: both, figures: [lost, doubled, recovery], kill: true,
  },
  'kill-polling': {
    title: '100 pollers, 100 publishes/s, kill -9 of one node', args: [...polling, ...kill], times: count(300),
    quick: count(200), on: both, figures: [lost, doubled, recovery], kill: true,
  },
};
