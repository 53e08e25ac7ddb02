// The checker's ledger by itself: told of what must not be, it says so, and of nothing else.
import assert from 'node:assert/strict';
import { test } from '../../system/lib/harness.mjs';
import { Ledger, covers } from '../lib/ledger.mjs';
import { mayRepeat } from '../lib/promises.mjs';
import { judge } from '../lib/report.mjs';

const accepted = (ledger, channel = '/a') => {
  const message = ledger.publishes('p', channel);
  ledger.accepts(message);
  return message;
};

function subscribed(ledger, pattern = '/a') {
  const account = ledger.open('s'), span = ledger.asks(account, pattern);
  ledger.answers(span);
  return { account, span, get: ({ channel, data }) => ledger.gets(account, channel, data, 'poll') };
}

const STORIES = {
  'all is well': [{}, (ledger) => {
    const { get } = subscribed(ledger);
    get(accepted(ledger));
    get(accepted(ledger));
  }],
  lost: [{ lost: 1 }, (ledger) => {
    const { get } = subscribed(ledger);
    accepted(ledger);
    get(accepted(ledger));
  }],
  doubled: [{ doubled: 2 }, (ledger) => {
    const { get } = subscribed(ledger), one = accepted(ledger);
    for (let time = 0; time < 3; time++) get(one);
  }],
  misordered: [{ misordered: 1 }, (ledger) => {
    const { get } = subscribed(ledger), [one, two] = [accepted(ledger), accepted(ledger)];
    get(two);
    get(one);
  }],
  'nobody published it': [{ foreign: 1 }, (ledger) => subscribed(ledger).get({ channel: '/a', data: { p: 'p', n: 1 } })],
  'never accepted: neither due nor wrong': [{}, (ledger) => {
    const { get } = subscribed(ledger);
    ledger.publishes('p', '/a');
    get(ledger.publishes('p', '/a'));
  }],
  'before the subscribe': [{ uninvited: 1 }, (ledger) => {
    const early = accepted(ledger);
    subscribed(ledger).get(early);
  }],
  'while the subscribe is under way: may come': [{}, (ledger) => {
    const account = ledger.open('s'), span = ledger.asks(account, '/a');
    const [, two] = [accepted(ledger), accepted(ledger)];
    ledger.answers(span);
    ledger.gets(account, '/a', two.data, 'poll');
  }],
  'sent before, accepted after the subscribe: may come': [{}, (ledger) => {
    const [one, two] = [ledger.publishes('p', '/a'), ledger.publishes('p', '/a')], { get } = subscribed(ledger);
    ledger.accepts(one);
    ledger.accepts(two);
    get(two);
  }],
  'unsubscribed: the tail may be withdrawn': [{}, (ledger) => {
    const { account, span, get } = subscribed(ledger);
    get(accepted(ledger));
    accepted(ledger);
    ledger.leaves(account, span);
  }],
  'unsubscribed: but no hole before it': [{ lost: 1 }, (ledger) => {
    const { account, span, get } = subscribed(ledger);
    accepted(ledger);
    get(accepted(ledger));
    ledger.leaves(account, span);
  }],
  'after the unsubscribe': [{ uninvited: 1 }, (ledger) => {
    const { account, span, get } = subscribed(ledger);
    ledger.leaves(account, span);
    get(accepted(ledger)); // may still come
    ledger.left(span);
    get(accepted(ledger));
  }],
  'two patterns, one dropped': [{ lost: 1 }, (ledger) => {
    const { account, span } = subscribed(ledger);
    ledger.answers(ledger.asks(account, '/**'));
    accepted(ledger);
    ledger.leaves(account, span);
  }],
  'an unknown client is owed what it had not got': [{ lost: 1, unknown: 1 }, (ledger) => {
    const { account } = subscribed(ledger);
    accepted(ledger);
    ledger.loses(account);
    accepted(ledger);
  }],
};

for (const [title, [expected, play]] of Object.entries(STORIES)) {
  test(`ledger: ${title}`, () => {
    const ledger = new Ledger();
    play(ledger);
    assert.deepEqual(judge(ledger).counts, expected);
  });
}

test('ledger: a double is allowed across a break only', () => {
  const ledger = new Ledger(), { account, get } = subscribed(ledger), one = accepted(ledger);
  get(one);
  get(one);
  ledger.breaks(account);
  assert.equal(judge(ledger, { doubled: mayRepeat }).faults, 1);
  get(one);
  assert.equal(judge(ledger, { doubled: mayRepeat }).faults, 1);
});

test('ledger: patterns', () => {
  assert.ok(covers('/a/*', '/a/b') && covers('/a/**', '/a/b') && covers('/a/**', '/a/b/c') && covers('/**', '/a') && covers('/a', '/a'));
  assert.ok(!covers('/a/*', '/a') && !covers('/a/*', '/a/b/c') && !covers('/a/**', '/a') && !covers('/a/*', '/ab/c') && !covers('/a', '/a/b'));
});
