// What compare measures: the arguments of bayeux-load and the figures to show.
'use strict';

const deliveries = [
  { label: 'deliveries/s', of: (f) => f.deliveries_per_s, digits: 0 },
  { label: 'CPU s per million deliveries', of: (f) => f.cpu_s_per_million_deliveries, digits: 2 },
];
const cpu = [deliveries[1]];
const latency = [
  { label: 'p50 ms', of: (f) => f.p50_ms, digits: 3 },
  { label: 'p99 ms', of: (f) => f.p99_ms, digits: 3 },
];
const memory = [{ label: 'RSS bytes per client', of: (f) => f.rss_per_client, digits: 0 }];
const storm = [
  { label: 'clients ready/s', of: (f) => f.setup_per_s, digits: 0 },
  { label: 'CPU ms per client', of: (f) => (f.setup_cpu_s * 1000) / f.ready, digits: 3 },
];
const publishes = [
  { label: 'publishes/s', of: (f) => f.acked_per_s, digits: 0 },
  { label: 'CPU s per million publishes', of: (f) => f.cpu_s_per_million_publishes, digits: 2 },
];

const ws = (clients) => ['fanout', '--clients', String(clients)];
const polling = ['--transport', 'long-polling'];
const idle = ['idle', '--clients', '5000', '--duration', '1', '--setup-timeout', '60'];

// `floor`: the bare server can do it too. `fixed`: its length is in its arguments.
// `window 1` and the rates: one message is under way at a time.
module.exports = {
  'fanout100': { args: ws(100), figures: deliveries, floor: true },
  'fanout1000': { args: ws(1000), figures: deliveries, floor: true },
  'fanout100-open': { args: [...ws(100), '--rate', '200'], figures: cpu, floor: true },
  'fanout1000-open': { args: [...ws(1000), '--rate', '20'], figures: cpu, floor: true },
  'polling100': { args: [...ws(100), ...polling, '--window', '1'], figures: deliveries },
  'paced': { args: [...ws(100), '--rate', '50'], figures: latency, floor: true },
  'idle5k': { args: idle, figures: memory, floor: true, fixed: true, files: 5100 },
  'idle5k-poll': { args: [...idle, ...polling], figures: memory, fixed: true, files: 5100 },
  'connect-storm': { args: ['connect-storm', '--clients', '2000'], figures: storm, fixed: true },
  'http-publish0': { args: ['http-publish', '--clients', '0'], figures: publishes },
  'http-publish10': { args: ['http-publish', '--clients', '10'], figures: publishes },
};
