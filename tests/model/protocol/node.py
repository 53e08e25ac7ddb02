"""A node: what is to be built."""
import itertools

from .hearing import Hearing
from .outgoing import Outgoing
from .session import Session
from .sessions import Sessions
from .sim import REFRESH
from .uplink import Uplink


class Node(Uplink, Hearing, Sessions, Outgoing):
    serial = itertools.count(1)

    def __init__(self, sim, redis, oracle):
        self.sim, self.redis, self.oracle = sim, redis, oracle
        self.id = f'n{next(Node.serial)}'
        self.alive, self.paused, self.deferred = True, False, []
        self.sessions, self.attaching, self.interest = {}, {}, {}
        self.pos, self.epoch, self.gen = 0, None, None
        self.cmd = self.sub = None
        self.joined = self.synced = False
        self.down_since, self.k, self.out = sim.now, 0, []  # out: publishes not known to be done
        self.live_held, self.awaiting = [], set()  # while it is not synced
        self.marks, self.history, self.peers = {}, [], []
        self.attempt = self.stalled = self.young_until = 0
        self.connect()
        self.every(1.0, self.heartbeat)
        self.every(REFRESH, self.refresh)
        self.every(0.5, self.sweep)

    def __repr__(self):
        return self.id

    def every(self, period, fn):
        def again():
            if self.alive:
                self.input(fn)
                self.sim.at(period, again)

        self.sim.at(period * self.sim.rng.uniform(0.5, 1), again)

    def input(self, fn):
        if not self.alive:
            return
        if self.paused:
            self.deferred.append(fn)
        else:
            fn()

    def resume(self, stalled):
        self.paused, self.stalled = False, stalled
        while self.deferred and not self.paused:
            self.deferred.pop(0)()
        self.stalled = 0

    def kill(self):
        self.sim.say(self, 'KILLED')
        self.alive = False
        for link in (self.cmd, self.sub):
            if link:
                link.cut()

    def watch(self, peer):
        """it will be told of our death"""
        self.peers = [p for p in self.peers if not p.done] + [peer]

    def flawed(self, name):
        return self.sim.flawed(name)

    def heartbeat(self):
        """each second: pings, and the cursor of streaming sessions"""
        for s in self.sessions.values():
            if s.sock:
                s.sock.ping()
        if not (self.joined and self.synced):
            return
        self.history.append(self.pos)
        cursor = self.history.pop(0) if len(self.history) > 2 else 0
        if self.flawed('cursor-unproven'):
            cursor = self.pos
        enter, leave = [], []
        for s in self.sessions.values():
            proven = s.proven(self.pos) if not self.flawed('cursor-unproven') else s.pos
            if s.sock and proven >= cursor and s.need is None:
                if not s.flow:
                    s.flow = object()
                    enter.append((s.cid, s.turn))
            elif s.flow and proven < cursor:
                leave.append((s.cid, s.turn, proven))
        gone = [(self.sessions[cid], self.sessions[cid].flow) for cid, _, _ in leave]
        if self.flawed('cursor-unproven'):
            leave = []

        def done(r):
            for s, entered in gone:
                self.left(s, r, entered)

        self.call('beat', cursor, enter, leave, then=done)

    def request(self, kind, args, reply):
        """handshake, subscribe (+), unsubscribe (-), disconnect: answered when Redis has it"""
        cid = args[0]

        def go():
            if not self.joined:
                self.sim.at(0.1, self.input, go)
                return
            if kind == 'handshake':
                self.call('create', cid, then=created)
            elif kind == 'disconnect':
                self.call('destroy', cid, None, then=done)
            else:
                self.call('change', cid, kind, args[1], args[2], then=done)

        def created(got):
            s = self.sessions[cid] = Session(cid, got)
            s.pos, s.seen_at = max(s.pos, self.pos), self.sim.now
            self.oracle.created(cid)
            reply('ok')

        def done(r):
            if r == 'later':
                self.sim.at(0.3, self.input, go)
                return
            if kind == '+' and self.flawed('sub-by-reply') and r[0] == 'ok':
                if cid in self.sessions and len(r) == 3:
                    self.add(self.sessions[cid], args[1], r[1])
            reply(r[0] if isinstance(r, tuple) else r)

        go()
