"""What a node was given to publish."""
from .sim import GRACE, expand


class Publish:
    """One that is not known to be done."""

    def __init__(self, k, msg, cb):
        self.k, self.msg, self.cb, self.local = k, msg, cb, False

    def ok(self, seq=None):
        cb, self.cb = self.cb, None
        if cb:
            cb(seq)


class Outgoing:
    """Numbered, sent in that order, kept until the reply; and what is done meanwhile if that takes long."""

    def publish(self, msg, cb):
        if self.flawed('local-direct'):
            inner = cb

            def cb(seq=None):
                if seq:
                    self.process((seq, 'msg', (msg, self.id, -1)))
                inner(seq)

        self.k += 1
        p = Publish(self.k, msg, cb)
        self.out.append(p)
        if self.joined:
            self.send_publish(p)
        elif self.sim.now - self.down_since > GRACE:
            self.local(p)

    def send_publish(self, p):
        def done(r):
            if p not in self.out:
                return
            if r[0] == 'emptied' or r[0] == 'again' and r[1] < p.k - 1:
                self.rejoin()
                return
            self.out.remove(p)
            p.ok(r[1] if r[0] == 'ok' else None)

        link = self.cmd
        young = self.sim.now < self.young_until and not self.flawed('young-silent')
        then = lambda r: done(r) if self.cmd is link else None
        link.call('publish_script', self.id, p.k, p.msg, young, then=then)

    def outage(self):
        """Redis has been away for longer than a moment: serve our own, keep the rest in order"""
        if self.joined or self.sim.now - self.down_since < GRACE:
            return
        for p in self.out:
            self.local(p)
        for cid in list(self.attaching):
            self.attach_failed(cid, 'later')
        for s in list(self.sessions.values()):
            s.sure = True
            self.flush(s)

    def local(self, p):
        if p.local:
            return
        p.local = True
        self.oracle.accepted_locally(p.msg, self)
        for s in self.sessions.values():
            if any(x in s.subs for x in expand(p.msg.channel)):
                s.got.add(p.k)
                s.queue.append((0, p.msg))
                self.flush(s)
        p.ok()
