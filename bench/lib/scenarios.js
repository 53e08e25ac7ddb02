// What bench/run measures beside what nodes on a Redis do (cluster-scenarios.js): the
// arguments of bayeux-load, who takes part, and the figures to show.
'use strict';

const perDelivery = { label: 'CPU µs per delivery', of: (f) => f.cpu_s_per_million_deliveries || null, digits: 2 };
const rate = { label: 'deliveries/s', of: (f) => f.deliveries_per_s, digits: 0 };
const latency = [
  { label: 'p50 ms', of: (f) => f.p50_ms, digits: 3 },
  { label: 'p99 ms', of: (f) => f.p99_ms, digits: 3 },
];
const memory = [{ label: 'RSS bytes per client', of: (f) => f.rss_per_client, digits: 0 }];
const storm = [
  { label: 'clients ready/s', of: (f) => f.setup_per_s, digits: 0 },
  { label: 'CPU µs per client', of: (f) => (f.setup_cpu_s * 1e6) / f.ready || null, digits: 1 },
];
const publishes = [
  { label: 'publishes/s', of: (f) => f.acked_per_s, digits: 0 },
  { label: 'CPU µs per publish', of: (f) => f.cpu_s_per_million_publishes || null, digits: 2 },
];
const cycles = [
  { label: 'polls/s', of: (f) => f.polls_per_s, digits: 0 },
  { label: 'CPU µs per poll', of: (f) => (f.server_cpu_s * 1e6) / f.polls || null, digits: 2 },
];

const polling = ['--transport', 'long-polling'];
const ws = (clients) => ['fanout', '--clients', String(clients)];
const pollers = [...ws(64), '--window', '1'];

const full = (clients, files) => ({
  args: [...ws(clients), '--window', '4'], figures: [rate, perDelivery], files,
  on: ['fayed', 'faye', 'floor-ws', 'cometd', 'centrifuge'],
});
// nchan sends its frames without TCP_NODELAY: with few messages under way it waits for
// delayed acknowledgements. So 64 publish, each one message at a time: at nchan and
// Centrifuge by POST.
const crowded = (clients, files) => ({
  args: [...ws(clients), '--publishers', '64', '--window', '1'], figures: [rate, perDelivery], files,
  on: ['fayed', 'nchan', 'centrifuge'],
});
// 50,000 deliveries a second however many subscribe, so one message at a time. Not fewer:
// what a socket costs for each second that it is used must not count as a delivery's.
const paced = (clients, files) => ({
  args: [...ws(clients), '--rate', String(50000 / clients)], figures: [perDelivery], files,
  on: clients === 100 || clients === 1000 ? ['fayed', 'faye', 'floor-ws', 'cometd', 'centrifuge'] : ['fayed', 'floor-ws'],
});
// 5,000 publishes a second, each to another of so many channels, and each to one
// subscriber. Nobody has more than 1,000 sockets for it: then each client has many
// channels. floor-ws knows channels by sockets alone, and has as many of those.
const spread = (channels) => {
  const clients = String(Math.min(channels, 1000)), times = ['--rate', '5000'];
  return {
    args: ['pairs', '--channels', String(channels), '--clients', clients, ...times],
    instead: { 'floor-ws': ['pairs', '--channels', clients, '--clients', clients, '--publishers', clients, ...times] },
    figures: [perDelivery], files: 2100, on: ['fayed', 'floor-ws'], cores: 'one',
  };
};
const idle = (clients) => ['idle', '--clients', String(clients), '--duration', '1', '--setup-timeout', '120'];
// So many that a server has no time to sleep: with 8, waking is a fifth of fayed's cost.
const posts = (clients) => ({
  args: ['http-publish', '--clients', String(clients), '--publishers', '32'], figures: publishes, on: ['fayed', 'faye'],
});

// `on`: who takes part. `instead`: other arguments for some of them. `fixed`: its length is
// in its arguments. `files`: descriptors that one process needs. `small`: for --quick, where
// the times say nothing. `beside`: so many idle ones of each kind, or as many as there are
// descriptors for. `seconds` of measuring, if not 3. `cores`: 'one' for server and load tool
// together, where two would measure above all what it costs to wake the other; 'any': not
// kept to any. Else each has one to itself.
module.exports = {
  'fanout100': full(100),
  'fanout1000': full(1000, 1100),
  'crowded100': crowded(100),
  'crowded1000': crowded(1000, 1200),
  'subscribers10': paced(10),
  'subscribers100': paced(100),
  'subscribers1000': paced(1000, 1100),
  'subscribers10000': { ...paced(10000, 10100), small: paced(2000).args },
  'channels1': spread(1),
  'channels100': spread(100),
  'channels1000': spread(1000),
  'channels10000': spread(10000),
  'channels100000': { ...spread(100000), small: spread(5000).args },
  'polling100': { args: [...ws(100), ...polling, '--window', '1'], figures: [rate, perDelivery], on: ['fayed', 'faye', 'cometd'] },
  'polls64': {
    args: [...pollers, ...polling], instead: { 'floor-poll': pollers }, figures: cycles, on: ['fayed', 'faye', 'floor-poll', 'cometd'],
  },
  'polls64-beside': {
    args: [...pollers, ...polling], instead: { 'floor-poll': pollers }, figures: cycles, on: ['fayed', 'floor-poll'],
    beside: 10000,
  },
  'post0': posts(0),
  'post10': posts(10),
  'idle-ws': {
    args: idle(10000), small: idle(1000), figures: memory, fixed: true, files: 10100,
    on: ['fayed', 'faye', 'nchan', 'floor-ws', 'centrifuge'],
  },
  'idle-polling': {
    args: [...idle(10000), ...polling], small: [...idle(1000), ...polling], figures: memory, fixed: true, files: 10100,
    instead: { 'floor-poll': idle(10000) }, on: ['fayed', 'faye', 'floor-poll'],
  },
  'latency': {
    args: [...ws(100), '--rate', '50'], seconds: 8, figures: latency, on: ['fayed', 'faye', 'floor-ws', 'cometd', 'centrifuge'],
  },
  'workers': { args: [...ws(1000), '--window', '4'], figures: [rate, perDelivery], files: 1100, on: ['fayed', 'fayed-2'], cores: 'any' },
  'workers-paced': { args: [...ws(1000), '--rate', '200'], figures: [perDelivery], files: 1100, on: ['fayed', 'fayed-2'], cores: 'any' },
  'storm': {
    args: ['connect-storm', '--clients', '2000'], small: ['connect-storm', '--clients', '300'], figures: storm, fixed: true,
    files: 2100, on: ['fayed', 'faye', 'nchan', 'floor-ws', 'centrifuge'],
  },
};
