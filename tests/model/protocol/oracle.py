"""The judge of a run."""
from .sim import CLIENT_TTL, YOUNG, expand


class Oracle:
    """Knows what every session must get. A message is due to whoever is subscribed when its script runs."""

    def __init__(self, sim):
        self.sim = sim
        self.subs, self.due, self.got, self.over, self.touch = {}, {}, {}, {}, {}  # by session
        self.waived = set()  # (session, message): withdrawn before it came
        self.executed, self.acks, self.local = {}, {}, {}  # by message
        self.last = {}  # (session, publisher, channel) -> the highest number

    def created(self, sid):
        if sid not in self.subs:
            self.subs[sid], self.due[sid], self.got[sid] = {}, {}, {}
        self.touch[sid] = self.sim.now

    def touched(self, sid):
        self.touch[sid] = self.sim.now

    def changed(self, sid, sign, patterns, seq):
        for p in patterns:
            if sign == '+':
                self.subs.setdefault(sid, {})[p] = seq
            else:
                self.subs[sid].pop(p, None)
        if sign == '-':  # what had not come yet may be withdrawn
            for msg in [m for m in self.due[sid] if m not in self.got[sid]]:
                at = self.executed.get(msg, (float('inf'),))[0]
                if not any(self.subs[sid].get(p, at) < at for p in expand(msg.channel)):
                    self.waived.add((sid, msg))

    def restored(self, sid, subs):
        """after emptying a session is what its home knew: a change not heard there is undone (a stated loss)"""
        undone = [p for p in self.subs.get(sid, {}) if p not in subs]
        if undone:
            self.sim.count['subscribe undone, redis emptied'] += len(undone)
            self.changed(sid, '-', undone, 0)

    def ended(self, sid):
        self.over.setdefault(sid, self.sim.now)

    vanished = ended

    def published(self, seq, msg):
        if msg in self.executed:
            self.sim.count['publish done twice'] += 1
            if not self.sim.upset(self.executed[msg][1] - 12):
                self.sim.violation(f'publish {msg} carried out twice')
            return
        self.executed[msg] = (seq, self.sim.now)
        self.sim.say('published', seq, msg)
        names = expand(msg.channel)
        for sid, subs in self.subs.items():
            if sid not in self.over and any(p in names for p in subs):
                self.due[sid][msg] = seq
                self.waived.discard((sid, msg))

    def accepted_locally(self, msg, node):
        self.local[msg] = node
        self.sim.outages.append((self.sim.now, self.sim.now + 3))
        names = expand(msg.channel)
        for sid, s in node.sessions.items():
            if any(p in names for p in s.subs) and sid in self.due:
                self.due[sid].setdefault(msg, 0)

    def acknowledged(self, msg):
        self.acks[msg] = self.sim.now

    def delivered(self, sid, msg, kind):
        self.sim.say('->', sid, msg, kind)
        if sid not in self.got:
            return
        got = self.got[sid]
        if msg in got:
            self.double(sid, msg, kind, got[msg])
        else:
            if msg not in self.due[sid] and self.sim.emptied:
                self.sim.count['unsubscribe undone, redis emptied'] += 1
            elif msg not in self.due[sid]:
                self.sim.violation(f'{sid} got {msg} outside its subscription')
            key = (sid, msg.pub, msg.channel)
            if self.last.get(key, 0) > msg.n:
                self.sim.count['misordered'] += 1
                if not self.sim.upset(self.executed.get(msg, (0, self.sim.now))[1] - 15):
                    self.sim.violation(f'{sid} got {msg} after n={self.last[key]}')
            self.last[key] = max(self.last.get(key, 0), msg.n)
            got[msg] = self.sim.now

    def double(self, sid, msg, kind, first):
        age = self.sim.now - first
        window = 7 + sum(d for t, d in self.sim.pauses if t + d > first and t < self.sim.now)
        after = [t - first for t, s in self.sim.breaks if s == sid and t >= first - 0.6]
        if any(d < window for d in after):
            self.sim.count['double, socket broke'] += 1
            oldest = max(self.sim.count['oldest double ms'], int(1000 * min(after)))
            self.sim.count['oldest double ms'] = oldest
        elif self.sim.upset(first - 15):
            self.sim.count['double, redis away'] += 1
        else:
            self.sim.violation(f'{sid} got {msg} twice over {kind}, {age:.2f} s apart')

    def told_unknown(self, sid):
        self.over.setdefault(sid, self.sim.now)
        silent = self.sim.now - self.touch.get(sid, -99)
        if silent >= CLIENT_TTL - 0.1:
            self.sim.count['expired'] += 1
        elif any(t > self.sim.now - CLIENT_TTL * 2 for t in self.sim.emptied):
            self.sim.count['401, redis emptied'] += 1
        else:
            self.sim.violation(f'{sid} told unknown after {silent:.1f} s')

    def finish(self, world):
        for sid in self.due:
            if sid not in self.over:
                self.settle(sid)
        for msg in self.acks:
            if msg not in self.executed:
                if msg in self.local and not self.local[msg].alive:
                    self.sim.count['lost, killed while redis away'] += 1
                else:
                    self.sim.violation(f'accepted {msg} was never published')
        for c in world.clients:
            if c.state not in ('over', 'on'):
                self.sim.violation(f'{c.name} is stranded in {c.state}')
        self.sim.count['delivered'] += sum(len(g) for g in self.got.values())

    def settle(self, sid):
        for msg, seq in self.due[sid].items():
            if msg not in self.got[sid] and (sid, msg) not in self.waived:
                why = self.excuse(msg)
                if why:
                    self.sim.count[why] += 1
                else:
                    self.sim.violation(f'{sid} never got {msg} (seq {seq})')

    def excuse(self, msg):
        """the stated price that a lost message may be"""
        when = self.executed.get(msg, (0, 0))[1]
        if any(when < e + 0.5 and e - when < 15 for e in self.sim.emptied):
            return 'lost, redis emptied'
        slept = lambda e: any(p < e + YOUNG and when < p + d + 1 for p, d in self.sim.pauses)
        if any(e < when and slept(e) for e in self.sim.emptied):
            return 'lost, redis emptied while a home slept'
        if msg in self.local and msg not in self.executed:
            return 'lost, killed while redis away'
        return None
