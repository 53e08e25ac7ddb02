// What a ledger comes to, in words.

const SHOWN = 6;

const at = (moment) => (moment ? moment.s.toFixed(3) : 'never');
const nameOf = ({ publisher, channel, n, sent, accepted }) => `${publisher} #${n} on ${channel} (sent ${at(sent)}, accepted ${at(accepted)})`;
const breaksOf = ({ breaks }) => (breaks.length ? `, its wire broke at ${breaks.slice(-4).map(at).join(' ')}` : '');

// Every kind of case: its name, and how one reads.
const CASES = {
  lost: ({ account, message }) => `${account.name} never got ${nameOf(message)}${breaksOf(account)}`,
  doubled: ({ account, message, first, again, how }) =>
    `${account.name} got ${nameOf(message)} at ${at(first)} and over ${how} at ${at(again)}${breaksOf(account)}`,
  misordered: ({ account, message, behind, at: when, how }) =>
    `${account.name} got ${nameOf(message)} at ${at(when)} over ${how}, behind #${behind}${breaksOf(account)}`,
  uninvited: ({ account, message, at: when, how }) =>
    `${account.name} got ${nameOf(message)} at ${at(when)} over ${how}, outside its subscriptions`,
  foreign: ({ account, channel, data, at: when }) =>
    `${account.name} got what nobody published on ${channel} at ${at(when)}: ${JSON.stringify(data).slice(0, 100)}`,
  refused: ({ message, why }) => `${nameOf(message)} was refused: ${why}`,
  unknown: ({ account, moment }) => `${account.name} was told at ${at(moment)} that it is unknown`,
};

const casesIn = (ledger) => ({
  ...Object.fromEntries(Object.keys(CASES).filter((kind) => kind !== 'unknown').map((kind) => [kind, ledger[kind]])),
  unknown: ledger.accounts.flatMap((account) => account.told.map((moment) => ({ account, moment }))),
});

// How many are no faults, and by what kind of client.
function allowedIn(cases, bad) {
  if (cases.length === bad.length) return '';
  const counts = {}, faults = new Set(bad);
  for (const one of cases) {
    const who = one.account?.name.split(' ')[1] ?? 'others';
    if (!faults.has(one)) counts[who] = (counts[who] ?? 0) + 1;
  }
  return ` (allowed: ${Object.entries(counts).map(([who, count]) => `${count} ${who}`).join(', ')})`;
}

// `allowed` names kinds of cases and says of one whether it may be: { doubled: (one) => true }. Gives
// { faults, counts, text }: faults are the cases that may not be, counts tells of all by kind, text in words.
export function judge(ledger, allowed = {}) {
  const counts = {}, words = [], lines = [];
  let faults = 0;
  for (const [kind, cases] of Object.entries(casesIn(ledger))) {
    const bad = cases.filter((one) => !allowed[kind]?.(one));
    faults += bad.length;
    if (cases.length) counts[kind] = cases.length;
    words.push(`${kind} ${cases.length}${allowedIn(cases, bad)}`);
    for (const one of bad.slice(0, SHOWN)) lines.push(`${kind}: ${CASES[kind](one)}`);
    if (bad.length > SHOWN) lines.push(`${kind}: and ${bad.length - SHOWN} more`);
  }
  const head = `${ledger.messages.size} published, ${ledger.accepted} accepted, ${ledger.delivered} deliveries to ${ledger.accounts.length}`;
  return { faults, counts, text: [`${head}: ${words.join(', ')}`, ...lines].join('\n') };
}
