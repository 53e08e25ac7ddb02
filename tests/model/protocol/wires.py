"""Requests and sockets between clients and nodes, and how they break."""


class Http:
    """One request and its answer. The client may give up; the node may die; either loses what is under way."""

    kind = 'poll'

    def __init__(self, sim, node, run, on_reply, on_broken, limit):
        self.sim, self.node, self.on_reply, self.on_broken = sim, node, on_reply, on_broken
        self.done = self.closed = self.answered = False
        self.id = None
        if not node.alive:
            sim.at(sim.lag(), self.fail)
            return
        sim.at(sim.lag(), lambda: node.input(lambda: run(self)) if node.alive else self.fail())
        sim.at(limit, self.give_up)
        node.watch(self)

    def answer(self, *reply):
        if self.answered:
            return
        self.answered = True
        node = self.node

        def arrive():
            if self.done or (not node.alive and self.sim.rng.random() < 0.5):
                return
            self.done = True
            self.on_reply(*reply)

        self.sim.at(self.sim.lag(), arrive)

    def node_died(self):
        self.sim.at(self.sim.lag() + 0.001, self.fail)

    def hang_up(self):
        self.answered = True
        self.sim.at(self.sim.lag(), self.fail)

    def fail(self):
        if not self.done:
            self.done = True
            self.on_broken()

    def give_up(self):
        if not self.done:
            self.fail()
            if self.sim.rng.random() < 0.6:
                self.sim.at(self.sim.lag(), self.node.input, self.closed_here)

    def closed_here(self):
        """the node learns of the end"""
        self.closed = True


class Socket:
    """A WebSocket: each direction in order. Either end may learn late that it is over."""

    kind = 'ws'

    def __init__(self, sim, node, client):
        self.sim, self.node, self.client, self.session = sim, node, client, None
        self.done = self.closed = self.cut = False
        self.down = self.up = 0.0
        self.held, self.pings, self.awaiting, self.pinged = None, 0, {}, 0.0
        node.watch(self)

    def to_client(self, fn):
        self.down = max(self.down, self.sim.now + self.sim.lag())
        self.sim.at_time(self.down, lambda: fn() if not (self.done or self.cut) else None)

    def to_node(self, fn):
        self.up = max(self.up, self.sim.now + self.sim.lag())
        read = lambda: None if self.closed else fn()
        self.sim.at_time(self.up, lambda: None if self.cut else self.node.input(read))

    def send(self, m):
        sid = self.session.cid
        self.to_client(lambda: self.client.event(sid, m[1]))

    def ping(self):
        s = self.session
        if not s or not s.unproven:
            return
        if self.awaiting:
            if self.sim.now - self.pinged > 4:
                self.closed_here()
            return
        self.pings += 1
        n = self.pings
        self.awaiting[n], self.pinged = len(s.unproven), self.sim.now
        self.to_client(lambda: self.to_node(lambda: self.pong(n)))

    def pong(self, n):
        count = self.awaiting.pop(n, 0)
        if self.session:
            del self.session.unproven[:count]

    def answer(self, why, id, batch=()):  # attach failed, or an old connect
        self.to_client(lambda: self.client.connect_reply(self, why, id))

    def end_hold(self, id, gone=False):
        s = self.session
        if s and self.held == id and s.owes(id):
            self.sim.at(0.5, self.node.input, lambda: self.end_hold(id))
            return
        if self.held == id and id is not None:
            self.held = None
            self.answer('401' if gone else 'empty', id)

    def hang_up(self):
        self.broken()

    def closed_here(self):
        """the node learns of the end"""
        if self.closed:
            return
        self.closed = True
        s = self.session
        if s and s.sock is self:
            self.node.unbind(s)

    def node_died(self):
        self.sim.at(self.sim.rng.choice([0, 0.001, 0.02]), self.broken)

    def network_cut(self):
        self.cut = True
        self.sim.at(self.sim.rng.uniform(0, 3), self.broken)
        self.sim.at(self.sim.rng.uniform(0, 5), self.node.input, self.closed_here)

    def broken(self):
        if self.done:
            return
        self.done = True
        self.sim.at(self.sim.lag(), self.node.input, self.closed_here)
        self.client.socket_gone(self)
