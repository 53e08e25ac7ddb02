"""A connection of a node to Redis."""


class Link:
    """Each direction keeps its order; two connections share no order."""

    def __init__(self, sim, redis, node):
        self.sim, self.redis, self.node, self.open, self.dead_at = sim, redis, node, True, None
        self.tx = self.rx = 0.0
        self.slow_until, self.slow = 0.0, 0.0

    def lag(self):
        if self.sim.rng.random() < 0.002:
            self.slow_until, self.slow = self.sim.now + 1.0, self.sim.rng.uniform(0, 0.3)
        return self.sim.lag() + (self.slow if self.sim.now < self.slow_until else 0)

    def cut(self):
        """The node sees it now; what it had written may still be carried out, up to some point."""
        if self.open:
            self.open = False
            self.dead_at = self.sim.now + self.sim.rng.choice([0, 0.002, 0.02, 0.5])
            self.sim.at(self.dead_at - self.sim.now, self.forget)

    def forget(self):
        for group in self.redis.subs.values():
            group.pop(self, None)

    def reaches(self):
        return self.redis.up and (self.dead_at is None or self.sim.now <= self.dead_at)

    def call(self, name, *args, then=lambda r: None):
        self.tx = max(self.tx, self.sim.now + self.lag())
        self.sim.at_time(self.tx, self._run, name, args, then)

    def _run(self, name, args, then):
        if not self.reaches():
            return
        if name in ('SUBSCRIBE', 'UNSUBSCRIBE'):
            for channel in args:
                if name == 'SUBSCRIBE':
                    self.redis.subs[channel][self] = 1
                    self.push(('on', channel, None))
                else:
                    self.redis.subs[channel].pop(self, None)
            return
        reply = getattr(self.redis, name)(*args)
        self._back(lambda: then(reply))

    def push(self, event):
        self._back(lambda: self.node.heard(self, event))

    def _back(self, fn):
        self.rx = max(self.rx, self.sim.now + self.lag())
        self.sim.at_time(self.rx, self.node.input, lambda: fn() if self.open else None)
