"""Redis, as far as it is used."""
import collections

from .sim import LOG_TTL

MAXLEN = 3000


class Store:
    """Counter, hashes, streams with NOMKSTREAM and a length, TTLs, pub/sub."""

    def __init__(self, sim):
        self.sim, self.up, self.data, self.exp = sim, True, {}, {}
        self.subs = collections.defaultdict(dict)  # pub/sub channel -> {sub connection: 1}

    def live(self, key):
        """true: it is there, and its time is not over"""
        if key in self.exp and self.exp[key] <= self.sim.now:
            self.data.pop(key, None)
            del self.exp[key]
        return key in self.data

    def get(self, key, default=None):
        return self.data[key] if self.live(key) else default

    def hash(self, key):
        self.live(key)
        return self.data.setdefault(key, {})

    def expire(self, key, ttl):
        self.exp[key] = self.sim.now + ttl

    def drop(self, key):
        self.data.pop(key, None)
        self.exp.pop(key, None)

    def seq(self):
        self.data['seq'] = self.data.get('seq', 0) + 1
        return self.data['seq']

    def publish(self, channel, item):
        for conn in list(self.subs[channel]):
            conn.push(('item', channel, item))

    def xadd(self, key, seq, item, make=False):
        if not self.live(key):
            if not make:
                return False
            self.data[key] = []
            self.expire(key, LOG_TTL)
        log = self.data[key]
        assert not log or log[-1][0] < seq
        log.append((seq, item))
        del log[:-MAXLEN]
        return True

    def want(self, key):
        """makes or refreshes a log; true: it was missing"""
        made = not self.live(key)
        if made:
            self.data[key] = []
        self.expire(key, LOG_TTL)
        return made

    def note(self, node, note):
        """A note to a node: a log entry with a seq of its own, like any message."""
        seq = self.seq()
        item = (seq, 'note', note)
        self.sim.say('note', seq, node, note)
        if not self.sim.flawed('notes-lost'):
            self.xadd('log:@' + node, seq, item)
        self.publish('live:@' + node, item)
        return seq
