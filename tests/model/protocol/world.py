"""A run: three nodes, their clients, what goes wrong, and what is left at the end."""
import itertools

from .clients import Client, Publisher
from .node import Node
from .oracle import Oracle
from .scripts import Redis
from .sim import CLIENT_TTL, GRACE, LOG_TTL, REFRESH, Sim


FAULTS = dict(kill=3, pause=3, cut=6, down=1, empty=1)  # and how often each


class World:
    def __init__(self, seed, flaws=(), trace=False, faults=tuple(FAULTS)):
        for cls in (Node, Client, Publisher):
            cls.serial = itertools.count(1)
        self.sim = sim = Sim(seed, flaws, trace)
        self.oracle = Oracle(sim)
        self.redis = Redis(sim, self.oracle)
        self.nodes = [Node(sim, self.redis, self.oracle) for _ in range(3)]
        sim.run(1.0)
        self.clients = [Client(sim, self) for _ in range(sim.rng.randint(3, 6))]
        self.publishers = [Publisher(sim, self, 70) for _ in range(3)]
        weights = dict(FAULTS)
        if sim.rng.random() < 0.6:
            weights['down'] = weights['empty'] = 0  # most runs: promises without excuses
        kinds = [k for k in faults for _ in range(weights[k])]
        for _ in range(sim.rng.randint(0, 9)):
            if kinds:
                sim.at(sim.rng.uniform(5, 65), getattr(self, 'fault_' + sim.rng.choice(kinds)))

    def pick(self):
        return self.sim.rng.choice(self.nodes)

    def fault_kill(self):
        victim = self.pick()
        victim.kill()
        for p in victim.peers:
            p.node_died()
        self.nodes[self.nodes.index(victim)] = Node(self.sim, self.redis, self.oracle)

    def fault_pause(self):
        node = self.pick()
        if node.paused:
            return
        node.paused = True
        self.sim.say(node, 'PAUSED')
        self.sim.pauses.append((self.sim.now, self.sim.rng.choice([0.2, 2, 8, 12])))
        self.sim.at(self.sim.pauses[-1][1], node.resume, self.sim.pauses[-1][1])

    def fault_cut(self):
        node, r = self.pick(), self.sim.rng
        self.sim.say(node, 'CUT FROM REDIS')

        def back():
            self.sim.outages.append((start, self.sim.now))

        start = self.sim.now
        for link in r.sample([node.cmd, node.sub], r.choice([1, 2])):
            if link:
                link.cut()
        node.input(node.uplink_lost)

        def watch():
            if node.alive and not node.synced:
                self.sim.at(0.05, watch)
            elif self.sim.now - start > GRACE:
                back()

        watch()

    def fault_down(self, empty=False):
        if not self.redis.up:
            return
        start = self.sim.now
        self.sim.say('REDIS DOWN')
        self.redis.up = False
        for node in self.nodes:
            node.input(node.uplink_lost)
        for link in [each for n in self.nodes for each in (n.cmd, n.sub) if each]:
            link.cut()
            link.dead_at = start
        self.redis.subs.clear()

        def up():
            self.redis.up = True
            if empty:
                self.wipe()
            self.sim.at(3, lambda: self.sim.outages.append((start, self.sim.now)))
            self.sim.outages.append((start, self.sim.now))

        self.sim.outages.append((start, start + 30))
        self.sim.at(self.sim.rng.choice([0.1, 1, 4]), up)

    def wipe(self):
        self.sim.say('REDIS EMPTIED')
        self.sim.emptied.append(self.sim.now)
        self.redis.data.clear()
        self.redis.exp.clear()

    def fault_empty(self):
        if self.sim.rng.random() < 0.5:
            self.wipe()
        else:
            self.fault_down(empty=True)

    def play(self):
        sim = self.sim
        sim.run(110)
        self.oracle.finish(self)
        for c in self.clients:
            if c.state != 'over':
                c.vanish()
        sim.run(110 + 2 * CLIENT_TTL + LOG_TTL + 2 * REFRESH)
        self.look_for_leftovers()
        return sim

    def look_for_leftovers(self):
        stays = {'seq', 'epoch'} | {name + n.id for n in self.nodes for name in ('node:', 'log:@')}
        left = [key for key in list(self.redis.data) if self.redis.live(key) and key not in stays]
        if left:
            self.sim.violation(f'left in Redis: {left[:5]}')
        for n in self.nodes:
            if n.sessions or n.attaching or n.out or len(n.marks) > 9 or n.interest:
                left = f'{list(n.sessions)} {list(n.attaching)} {len(n.out)} {list(n.interest)}'
                self.sim.violation(f'left at {n}: {left}')
