"""Simulated time and chance, the flaws that can be put back, and what a run has to say of itself.

A seed gives the same run always: all chance comes from one generator, and nothing is done in the order of a set.
"""
import collections
import heapq
import itertools
import random

# Seconds; a tenth of the real defaults.
HOLD = 6.0  # longest wait of a connect
RETRY = 1.0  # a client's pause after an error
REFRESH = 10.0  # between two `keep`
LINGER = 2.0  # an interest without users
GRACE = 0.7  # Redis away for longer: serve on without it
CLIENT_TTL = 4 * HOLD
LOG_TTL = CLIENT_TTL + 2 * REFRESH
YOUNG = 5.0  # a new epoch counts as young for so long

# Each puts back one mistake, so that every rule of the protocol has a run that needs it.
FLAWS = {
    'bind-unchecked': 'a socket is sent to before `touch` says that it is at home',
    'cursor-unproven': 'the beat counts what was sent on sockets as arrived',
    'early-merge': 'a read is handled when its reply is there, not its mark',
    'local-direct': 'a publish is delivered when its reply comes',
    'log-expires': 'nobody refreshes the logs',
    'no-gen': 'commands of a node\'s former connection are carried out late',
    'no-turn': 'a former home writes over what the present one wrote',
    'notes-lost': 'notes between nodes are not logged',
    'resend-blind': 'after a reconnect all is published again',
    'retry-blind': 'a client\'s retry is published again',
    'sent-unawaited': 'a poll is answered before that is recorded',
    'seq-restarts': 'numbers begin anew in an emptied Redis',
    'stale-connect': 'a connect that comes late takes the session',
    'stale-subscribe': 'a subscribe that comes late undoes an unsubscribe',
    'sub-by-reply': 'a home learns of a subscribe by its own reply only',
    'sub-unordered': 'a home learns of a subscribe at any time',
    'young-401': 'an emptied Redis makes clients unknown at once',
    'young-silent': 'an emptied Redis is published to as ever',
}


def expand(channel):
    """the patterns that a channel matches"""
    parts = channel.split('/')[1:]
    out = [channel, '/'.join([''] + parts[:-1] + ['*'])]
    return out + ['/'.join([''] + parts[:n] + ['**']) for n in range(len(parts))]


class Sim:
    def __init__(self, seed, flaws=(), trace=False):
        self.rng, self.now, self.heap, self.tick = random.Random(seed), 0.0, [], itertools.count()
        self.flaws, self.trace = set(flaws), trace
        self.bad = []  # what must not be
        self.count = collections.Counter()  # what may be
        self.outages = []  # (began, ended) of uplinks
        self.emptied = []  # when Redis was
        self.breaks = []  # (when, session) of sockets
        self.pauses = []  # (when, how long) of nodes

    def flawed(self, name):
        return name in self.flaws

    def at(self, delay, fn, *args):
        self.at_time(self.now + max(0, delay), fn, *args)

    def at_time(self, when, fn, *args):
        heapq.heappush(self.heap, (when, next(self.tick), fn, args))

    def run(self, until):
        while self.heap and self.heap[0][0] <= until:
            self.now, _, fn, args = heapq.heappop(self.heap)
            fn(*args)
        self.now = until

    def say(self, *words):
        if self.trace:
            print(f'{self.now:9.4f}', *words)

    def violation(self, text):
        self.bad.append(f'{self.now:.3f} {text}')
        self.say('VIOLATION', text)

    def lag(self):
        """what a message takes, mostly a millisecond"""
        r = self.rng
        return r.expovariate(1000) if r.random() > 0.03 else r.uniform(0, 0.25)

    def upset(self, since):
        """Was any uplink broken, or Redis emptied, since then? Doubles are the stated price of that."""
        return any(t >= since for t in self.emptied) or any(b >= since for _, b in self.outages)
