"""Faye's clients, and publishers: what we cannot change."""
import collections
import itertools

from .sim import HOLD, RETRY
from .wires import Http, Socket

Message = collections.namedtuple('Message', 'pub n channel')
CHANNELS = ['/a/b', '/a/c', '/d', '/d/e/f']
PATTERNS = ['/a/b', '/a/*', '/a/**', '/**', '/d', '/d/e/f', '/d/**', '/a/c']


class Client:
    """Faye's: ids, the same again after an error, the next one acknowledges; each request to any node."""

    serial = itertools.count(1)

    def __init__(self, sim, world):
        self.sim, self.world, self.oracle, r = sim, world, world.oracle, sim.rng
        self.name, self.ids, self.kind = f'c{next(Client.serial)}', 0, r.choice(['poll', 'ws'])
        self.sid, self.sock, self.request, self.state = None, None, None, 'new'
        self.connecting = None  # the id of the connect that waits for its answer
        self.wanted, self.pending = set(), {}
        self.handshake()
        for _ in range(r.randint(1, 3)):
            sim.at(r.uniform(0, 3), self.subscribe)
        for _ in range(r.randint(0, 4)):
            sim.at(r.uniform(3, 60), r.choice([self.subscribe, self.unsubscribe]))
        for _ in range(r.randint(0, 2)):
            sim.at(r.uniform(5, 60), self.misbehave)
        if r.random() < 0.1:
            sim.at(r.uniform(20, 60), self.disconnect)
        if r.random() < 0.1:
            sim.at(r.uniform(20, 60), self.vanish)

    def id(self):
        self.ids += 1
        return self.ids

    def node(self):
        return self.world.pick()

    def http(self, run, on_reply, on_broken, limit=HOLD * 1.2):
        return Http(self.sim, self.node(), run, on_reply, on_broken, limit)

    def handshake(self):
        if self.state == 'over':
            return
        self.state, sid = 'handshake', f'{self.name}.{self.id()}'
        if self.sock:
            self.sock.done = True
            self.sim.at(0, self.sock.node.input, self.sock.closed_here)
            self.sock = None

        def ok(why, *_):
            if self.state != 'handshake':
                return
            self.sid, self.state, self.pending = sid, 'on', {}
            for p in sorted(self.wanted):
                self.ask('+', p)
            if self.kind == 'ws':
                self.open_socket()
            else:
                self.connect(self.id())

        self.http(
            lambda q: q.node.request('handshake', (sid,), lambda r: q.answer(r)),
            ok,
            lambda: self.sim.at(RETRY, self.handshake),
        )

    def subscribe(self):
        p = self.sim.rng.choice(PATTERNS)
        self.wanted.add(p)
        if self.state == 'on':
            self.ask('+', p)

    def unsubscribe(self):
        if self.wanted:
            p = self.sim.rng.choice(sorted(self.wanted))
            self.wanted.discard(p)
            if self.state == 'on':
                self.ask('-', p)

    def ask(self, sign, p):
        """subscribe or unsubscribe; one at a time for a pattern, as an application that awaits its promises"""
        if any(q == p for _, q in self.pending.values()):
            self.sim.at(0.5, self.ask_again, sign, p)
            return
        id = self.id()
        self.pending[id] = (sign, p)
        self.send_ask(self.sid, id)

    def ask_again(self, sign, p):
        if self.state == 'on' and (p in self.wanted) == (sign == '+'):
            self.ask(sign, p)

    def send_ask(self, sid, id):
        if self.sid != sid or id not in self.pending or self.state != 'on':
            return
        sign, p = self.pending[id]

        def reply(why, *_):
            if self.sid != sid:
                return
            if why == '401':
                self.unknown(sid)
            else:
                self.pending.pop(id, None)

        if self.sock and not self.sock.done and self.kind == 'ws':
            k = self.sock
            answer = lambda r: k.to_client(lambda: reply(r))
            k.to_node(lambda: k.node.request(sign, (sid, [p], id), answer))
            self.sim.at(HOLD * 1.2 + RETRY, self.send_ask, sid, id)
        else:
            self.http(
                lambda q: q.node.request(sign, (sid, [p], id), lambda r: q.answer(r)),
                reply,
                lambda: self.sim.at(RETRY, self.send_ask, sid, id),
            )

    def connect(self, id, delay=0.0):
        sid = self.sid

        def go():
            if (self.sid, self.state, self.kind, self.connecting) != (sid, 'on', 'poll', id):
                return
            self.sim.say(self.name, sid, 'polls', id)
            self.request = self.http(lambda q: q.node.on_connect(sid, id, q), reply, broken)

        def reply(why, _id, batch=()):
            if self.sid != sid:
                return
            self.sim.say(self.name, sid, 'answered', _id, why)
            for seq, m in batch:
                self.event(sid, m)
            if why == '401':
                self.unknown(sid)
            else:
                dawdles = why == 'empty' and self.sim.rng.random() < 0.3
                self.connect(self.id(), 1.0 if why == 'later' else 0.3 if dawdles else 0)

        def broken():
            if self.sid == sid and self.state == 'on':
                self.connect(id, RETRY)

        self.connecting = id
        self.sim.at(delay, go)

    def open_socket(self):
        if self.state != 'on' or self.kind != 'ws' or (self.sock and not self.sock.done):
            return
        node, sid = self.node(), self.sid
        if not node.alive or node.paused and self.sim.rng.random() < 0.5:
            self.sim.at(RETRY, self.open_socket)
            return
        k = self.sock = Socket(self.sim, node, self)
        self.connecting = self.connecting or self.id()
        self.socket_connect(k, self.connecting)
        for id in list(self.pending):
            self.send_ask(sid, id)

    def socket_connect(self, k, id, delay=0.0):
        self.connecting, sid = id, self.sid

        def go():
            if not k.done:
                k.to_node(lambda: k.node.on_connect(sid, id, k))

        def late():
            if self.connecting == id and self.sock is k and not k.done and self.sid == sid:
                k.network_cut()

        self.sim.at(delay, go)
        self.sim.at(HOLD * 1.2 + delay, late)

    def connect_reply(self, k, why, id):
        if k is not self.sock or id != self.connecting or self.state != 'on':
            return
        if why == '401':
            self.unknown(self.sid)
        else:
            self.socket_connect(k, self.id(), 1.0 if why == 'later' else 0.05)

    def socket_gone(self, k):
        self.sim.breaks.append((self.sim.now, self.sid))
        if self.sock is k:
            self.sock = None
            self.sim.at(self.sim.rng.uniform(0.05, RETRY), self.open_socket)

    def unknown(self, sid):
        if self.sid == sid and self.state == 'on':
            self.oracle.told_unknown(sid)
            self.connecting = None
            self.handshake()

    def event(self, sid, m):
        self.oracle.delivered(sid, m, self.kind)

    def misbehave(self):
        r = self.sim.rng
        if self.state != 'on':
            return
        what = r.choice(['cut', 'abort', 'switch', 'switch'])
        self.sim.say(self.name, self.sid, what)
        if self.kind == 'ws' and self.sock:
            if what == 'switch':  # falls back to long-polling with the same message
                k, self.sock, self.kind = self.sock, None, 'poll'
                self.sim.breaks.append((self.sim.now, self.sid))
                k.done = True
                self.sim.at(self.sim.lag() * r.choice([1, 50]), k.node.input, k.closed_here)
                self.connect(self.connecting or self.id(), r.choice([0, 0.1]))
            else:
                self.sock.network_cut()
        elif self.request and not self.request.done:
            if what == 'switch':
                self.kind = 'ws'
                self.request.give_up()
                self.open_socket()
            else:
                self.request.give_up()

    def disconnect(self):
        if self.state != 'on':
            return
        self.state = 'over'
        sid = self.sid

        def go():
            self.http(
                lambda q: q.node.request('disconnect', (sid,), lambda r: q.answer(r)),
                lambda *_: self.oracle.ended(sid),
                lambda: self.sim.at(RETRY, go),
            )

        go()
        self.leave()

    def vanish(self):
        self.state = 'over'
        self.oracle.vanished(self.sid)
        self.leave()

    def leave(self):
        if self.sock:
            self.sock.done = True
            self.sim.at(3, self.sock.node.input, self.sock.closed_here)
        if self.request:
            self.request.give_up()


class Publisher:
    """By HTTP, one message after the other, elsewhere after an error."""

    serial = itertools.count(1)

    def __init__(self, sim, world, until):
        self.sim, self.world, self.until = sim, world, until
        self.name, self.n = f'p{next(Publisher.serial)}', 0
        sim.at(1, self.next)

    def next(self):
        if self.sim.now > self.until:
            return
        self.n += 1
        self.send(Message(self.name, self.n, self.sim.rng.choice(CHANNELS)))

    def send(self, msg):
        def ok(*_):
            self.world.oracle.acknowledged(msg)
            self.sim.at(self.sim.rng.choice([0, 0.01, 0.3, 1]), self.next)

        publish = lambda q: q.node.publish(msg, lambda seq: q.answer('ok'))
        broken = lambda: self.sim.at(RETRY, self.send, msg)
        Http(self.sim, self.world.pick(), publish, ok, broken, HOLD * 1.2)
