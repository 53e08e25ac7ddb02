"""What a node hears, to whom it goes, and what it asks to hear."""
from .session import Interest
from .sim import LINGER, expand


class Hearing:
    """The subscriber connection is one stream in the order of seq; a read and its mark join the other one to it."""

    def heard(self, link, event):
        if link is not self.sub:
            return
        kind, channel, item = event
        name = channel[5:]
        if kind == 'on':
            if name in self.interest:
                self.interest[name].on = True
            if not self.synced and self.awaiting:
                self.awaiting.discard(name)
                if not self.awaiting:
                    self.sync_read()
            for s in list(self.sessions.values()):
                if s.need and name in s.need:
                    self.start_round(s)
            return
        if item[1] == 'note' and item[2][0] in ('mark', 'beat'):
            if self.synced:
                self.pos = max(self.pos, item[0])
            if item[2][0] == 'mark' and not self.flawed('early-merge'):
                self.meet(item[0], None)
            return
        if not self.synced:
            self.live_held.append(item)
        else:
            self.process(item)

    def meet(self, mark, fn):
        """a read's reply and its mark come by different connections: act when both are here"""
        if fn and self.flawed('early-merge'):
            self.marks.pop(mark, 0)
            fn()
        elif mark in self.marks:
            fn = self.marks.pop(mark) or fn
            if fn:
                fn()
        else:
            self.marks[mark] = fn

    def process(self, item):
        seq, kind, body = item
        if seq <= self.pos:
            return
        self.pos = seq
        if kind == 'note':
            self.on_note(seq, body)
            return
        msg, node, k = body
        hit = set()
        for p in expand(msg.channel):
            if p in self.interest:
                hit |= self.interest[p].users
        for cid in sorted(hit):
            s = self.sessions.get(cid)
            if s:
                self.offer(s, item)
        if node == self.id:
            for s in self.sessions.values():
                s.got.discard(k)

    def offer(self, s, item):
        if s.need is not None:
            s.held[item[0]] = item
        else:
            self.deliver(s, item)

    def deliver(self, s, item):
        seq, _, (msg, node, k) = item
        if seq <= s.pos:
            return
        s.pos = seq
        if node == self.id and k in s.got:  # handed over during an outage: now it has a number
            for kept in (s.queue, s.batch, s.unproven):
                kept[:] = [(seq, m) if m == msg else (q, m) for q, m in kept]
            return
        if seq > s.skip_to and s.matches(seq, msg.channel):
            s.queue.append((seq, msg))
            self.flush(s)

    def on_note(self, seq, note):
        kind, cid = note[0], note[1]
        self.sim.say(self, 'hears', seq, note)
        if cid in self.attaching:
            self.attaching[cid]['notes'].append((seq, note))
        s = self.sessions.get(cid)
        if not s or seq <= s.since:
            return
        if kind in ('taken', 'gone'):
            if note[2] >= s.turn:
                self.lost(s, kind == 'gone', note[3] if kind == 'taken' else None)
        elif kind == '+' and self.flawed('sub-unordered'):
            self.sim.at(self.sim.lag() * 20, self.input, lambda: self.add(s, note[2], seq))
        elif kind == '+' and not self.flawed('sub-by-reply'):
            self.add(s, note[2], seq)
        elif kind == '-':
            for p in note[2]:
                if p in s.subs:
                    s.closed.append((p, s.subs.pop(p), seq))
                    self.unwant(s, p)
            if s.need is None:
                s.closed = []

    def add(self, s, patterns, seq):
        need = {}
        for p in patterns:
            s.subs[p] = seq
            if not self.want(s, p):
                need[p] = seq
        if self.flawed('sub-unordered'):
            need = dict.fromkeys(patterns, seq)
        if need and not self.flawed('sub-by-reply'):
            self.hold(s, need)

    def hold(self, s, need):
        if s.need is None:
            s.need, s.held = {}, {}
            if not self.flawed('sub-unordered'):
                s.pos = max(s.pos, min(self.pos, min(need.values())))
        s.need.update(need)
        s.round += 1
        self.start_round(s)

    def start_round(self, s):
        if not (self.synced and self.joined and s.need is not None):
            return
        if not all(self.interest[p].on for p in s.need if p in s.subs):
            return
        mine, wants = s.round, dict(s.need)

        def done(r):
            if r['made']:
                self.sim.count['log was gone'] += r['made']
            self.meet(r['mark'], lambda: self.release(s, mine, r['found']))

        self.call('read', wants, then=done)

    def release(self, s, round, found):
        if self.sessions.get(s.cid) is not s or s.need is None or round != s.round:
            return
        items = {i[0]: i for i in found if i[1] == 'msg'}
        items.update(s.held)
        s.need, s.held = None, {}
        for seq in sorted(items):
            self.deliver(s, items[seq])
        s.pos, s.closed = max(s.pos, self.pos), []
        self.flush(s)

    def want(self, s, p):
        """true: what is published to p after now will be heard"""
        i = self.interest.setdefault(p, Interest())
        i.users.add(s.cid)
        if not i.on and not i.ask:
            i.ask = 1
            if self.sub:
                self.sub.call('SUBSCRIBE', 'live:' + p)
        return i.on

    def unwant(self, s, p):
        i = self.interest.get(p)
        if i:
            i.users.discard(s.cid)
            if not i.users:
                self.sim.at(LINGER, self.input, lambda: self.end(p, i))

    def end(self, p, i):
        if self.interest.get(p) is i and not i.users and self.synced:
            del self.interest[p]
            self.sub.call('UNSUBSCRIBE', 'live:' + p)

    def refresh(self):
        if not self.flawed('log-expires'):
            wanted = [p for p, i in self.interest.items() if i.users]
            gone = lambda r: self.sim.count.update({'log was gone': r[1]}) if r[1] else None
            self.call('keep', wanted, then=gone)
