"""A node's uplink: DOWN, joined, synced; and what is done when it is lost and comes back."""
from .link import Link
from .sim import GRACE, LINGER, YOUNG


class Uplink:
    """Either connection lost: both anew. Only the latest attempt counts."""

    def connect(self, attempt=0):
        if not self.alive or attempt != self.attempt:
            return
        if not self.redis.up:
            self.sim.at(0.2, self.input, lambda: self.connect(attempt))
            return
        self.cmd, self.sub = Link(self.sim, self.redis, self), Link(self.sim, self.redis, self)
        self.join()

    def join(self):
        me, done = self.cmd, self.out[0].k - 1 if self.out else self.k
        then = lambda r: self.on_join(r) if self.cmd is me else None
        me.call('join', self.id, self.pos, done, then=then)

    def uplink_lost(self):
        if not self.alive:
            return
        if self.joined or self.synced:
            self.down_since = self.sim.now
        self.joined = self.synced = False
        self.marks, self.live_held = {}, []
        for link in (self.cmd, self.sub):
            if link:
                link.cut()
        for i in self.interest.values():
            i.on = False
        for s in self.sessions.values():
            s.writing = None
        self.attempt += 1
        attempt = self.attempt
        self.sim.at(self.sim.rng.uniform(0.02, 0.6), self.input, lambda: self.connect(attempt))
        self.sim.at(GRACE + 0.01, self.input, self.outage)

    def rejoin(self):
        """same connection, new standing: Redis has forgotten us, or a late join of ours raised `gen`"""
        if not self.joined:
            return
        self.joined = False
        for s in self.sessions.values():
            s.writing = None
        self.join()

    def call(self, name, *args, then=lambda r: None):
        if not self.joined:
            return
        link = self.cmd

        def reply(r):
            if self.cmd is not link:
                return
            if r in ('emptied', 'stale'):
                self.rejoin()
                return
            then(r)

        link.call(name, self.id, self.gen, *args, then=reply)

    def on_join(self, got):
        self.gen, self.joined = got['gen'], True
        emptied = self.epoch not in (None, got['epoch'])
        if emptied:
            self.young_until = self.sim.now + YOUNG
        self.epoch = got['epoch']
        if emptied:
            self.sim.say(self, 'writes back', list(self.sessions))
            for s in self.sessions.values():
                self.restore(s)
        while self.out and self.out[0].k <= got['k'] and not self.flawed('resend-blind'):
            self.out.pop(0).ok()
        for p in self.out:
            self.send_publish(p)
        if not self.synced:
            self.resync()
        else:
            self.after_up()

    def restore(self, s):
        def done(r):
            if r == 'lost':
                self.lost(s)

        sent = s.batch[-1][0] if s.batch else 0
        known = (s.turn, s.proven(self.pos), dict(s.subs), list(s.seen), sent, s.sent_id if s.batch else None)
        self.call('restore', s.cid, *known, then=done)
        s.flow = False

    def resync(self):
        channels = ['@' + self.id] + list(self.interest)
        self.live_held, self.awaiting = [], set(channels)
        for c in channels:
            self.sub.call('SUBSCRIBE', 'live:' + c)

    def sync_read(self):
        wants = {p: self.pos for p in ['@' + self.id] + list(self.interest)}
        met = lambda r: self.meet(r['mark'], lambda: self.on_mark(r['mark'], r['found']))
        self.call('read', wants, then=met)

    def on_mark(self, mark, found):
        if self.synced:
            return
        self.synced = True
        held, self.live_held = self.live_held, []
        for item in sorted({i[0]: i for i in found + held}.values(), key=lambda i: i[0]):
            self.process(item)
        self.pos = max(self.pos, mark)
        self.after_up()

    def after_up(self):
        for cid in list(self.attaching):
            self.send_attach(cid)
        for p, i in self.interest.items():
            if not i.users:
                self.sim.at(LINGER, self.input, lambda p=p, i=i: self.end(p, i))
        for s in list(self.sessions.values()):
            if s.touch:
                s.touch()
            if s.need is not None:
                self.start_round(s)
            self.flush(s)
