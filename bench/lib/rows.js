// What is asked of fayed, each as a ratio within one repetition of one run.
'use strict';

const { NAMES } = require('./contestants.js');

const PER_DELIVERY = 'CPU µs per delivery', RSS = 'RSS bytes per client';

// How many times less `label` costs fayed than `other`, or how many times more there is.
const times = (scenario, label, other) => (pick) => pick(scenario, other, label) / pick(scenario, 'fayed', label);
const share = (scenario, label, other) => (pick) => pick(scenario, 'fayed', label) / pick(scenario, other, label);
const growth = (last, first) => (pick) => {
  const of = (who) => pick(last, who, PER_DELIVERY) / pick(first, who, PER_DELIVERY);
  return of('fayed') / of('floor-ws');
};

const least = (n) => ({ text: `≥ ${n} ×`, met: (value) => value >= n });
const most = (n) => ({ text: `≤ ${n} ×`, met: (value) => value <= n });
const below = (n, unit) => ({ text: `< ${n.toLocaleString('en')} ${unit}`, met: (value) => value < n });
const any = { text: '', met: () => null };

// `bounds`: who, and how far from whom; `wanted` makes a bound of that.
function against(what, bounds, wanted, value) {
  return Object.entries(bounds).map(([other, n], i) => ({
    what: i ? '…' : what, against: NAMES[other], wanted: wanted(n), value: value(other),
  }));
}
const cheaper = (what, scenario, label, bounds) => against(what, bounds, least, (other) => times(scenario, label, other));
const quicker = (what, scenario, label, bounds) => against(what, bounds, most, (other) => share(scenario, label, other));

// Scenarios of bench/cluster.
const NODES = {
  fanout: ['100 WebSockets: deliveries/s', 'deliveries/s'],
  polling: ['100 pollers: deliveries/s', 'deliveries/s'],
  publish: ['POST to one of them: publishes/s', 'publishes/s accepted'],
};

// `value(pick)` from pick(scenario, server, label), which is a figure of one repetition,
// NaN if there is none. `cores`: asked only of machines that have so many.
const rows = [
  ...cheaper('deliveries per CPU second, one message at a time, 100 WebSockets', 'subscribers100', PER_DELIVERY,
    { 'floor-ws': 0.85, 'cometd': 1, 'centrifuge': 1 }),
  ...cheaper('the same, 1,000 WebSockets', 'subscribers1000', PER_DELIVERY, { 'floor-ws': 0.85, 'cometd': 1, 'centrifuge': 1 }),
  ...cheaper('at full speed, several messages in flight, 100 WebSockets', 'fanout100', PER_DELIVERY,
    { 'floor-ws': 1.2, 'faye': 8, 'cometd': 1, 'centrifuge': 1 }),
  ...cheaper('the same, 1,000 WebSockets', 'fanout1000', PER_DELIVERY, { 'floor-ws': 1.2, 'faye': 8, 'cometd': 1, 'centrifuge': 1 }),
  ...cheaper('64 publishers, each with one message in flight, 100 WebSockets', 'crowded100', PER_DELIVERY,
    { nchan: 1.3, centrifuge: 1 }),
  ...cheaper('the same, 1,000 WebSockets', 'crowded1000', PER_DELIVERY, { nchan: 1.3, centrifuge: 1 }),
  ...cheaper('deliveries per CPU second by long-polling, 100 clients', 'polling100', PER_DELIVERY, { faye: 6, cometd: 1 }),
  ...cheaper('poll cycles per CPU second, 64 pollers', 'polls64', 'CPU µs per poll', { 'floor-poll': 0.6, 'cometd': 1 }),
  ...cheaper('… beside 10,000 idle polls and 10,000 idle WebSockets', 'polls64-beside', 'CPU µs per poll', { 'floor-poll': 0.6 }),
  ...cheaper('publishes by keep-alive POST per CPU second, 0 subscribers', 'post0', 'CPU µs per publish', { faye: 5 }),
  ...cheaper('… 10 subscribers', 'post10', 'CPU µs per publish', { faye: 5 }),
  ...cheaper('RSS per idle WebSocket client, of 10,000', 'idle-ws', RSS, { faye: 10, centrifuge: 1 }),
  { what: '…', against: '', wanted: below(1536, 'B'), value: (pick) => pick('idle-ws', 'fayed', RSS) },
  {
    what: 'RSS per idle long-polling client, of 10,000', against: '', wanted: below(10240, 'B'),
    value: (pick) => pick('idle-polling', 'fayed', RSS),
  },
  ...quicker('p99 latency, 50 publishes/s to 100 clients', 'latency', 'p99 ms',
    { 'floor-ws': 1.3, 'faye': 0.5, 'cometd': 1, 'centrifuge': 1 }),
  {
    what: 'two workers, fan-out to 1,000: deliveries/s', against: 'one worker', wanted: least(1.7), cores: 4,
    value: (pick) => pick('workers', 'fayed-2', 'deliveries/s') / pick('workers', 'fayed', 'deliveries/s'),
  },
  {
    what: '… CPU per delivery, 200 publishes/s', against: 'one worker', wanted: most(1.15),
    value: (pick) => pick('workers-paced', 'fayed-2', PER_DELIVERY) / pick('workers-paced', 'fayed', PER_DELIVERY),
  },
  {
    what: '… at full speed, where each joins fewer', against: 'one worker', wanted: any,
    value: (pick) => pick('workers', 'fayed-2', PER_DELIVERY) / pick('workers', 'fayed', PER_DELIVERY),
  },
  ...cheaper('clients set up per CPU second (handshake, subscribe, connect)', 'storm', 'CPU µs per client', { faye: 8, centrifuge: 1 }),
  {
    what: 'growth of the cost per delivery, 10 → 10,000 subscribers', against: 'floor-ws\'s growth', wanted: most(1.2),
    value: growth('subscribers10000', 'subscribers10'),
  },
  {
    what: '… 1 → 100,000 channels', against: 'floor-ws\'s growth', wanted: most(1.2),
    value: growth('channels100000', 'channels1'),
  },
  ...Object.entries(NODES).map(([name, [what, label]]) => ({
    what: `two nodes on one Redis, ${what}`, against: 'Faye with faye-redis', wanted: any,
    value: (pick) => pick(`redis-${name}`, 'fayed', label) / pick(`redis-${name}`, 'faye', label),
  })),
];

module.exports = rows;
