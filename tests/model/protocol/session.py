"""What a node knows of a session, and of its interest in a pattern."""
from .sim import expand


class Interest:
    """A pattern that sessions here want: asked for, then on."""

    def __init__(self):
        self.on, self.users, self.ask = False, set(), 0


class Session:
    """LIVE: gets what the node hears. HOLD (need is not None): keeps it in `held` until its reads are complete."""

    def __init__(self, cid, got):
        self.cid, self.turn = cid, got['turn']
        self.subs, self.seen = dict(got['subs']), list(got['seen'])
        self.pos, self.since = got['cursor'], got['at']
        self.closed, self.need, self.held, self.round = [], None, {}, 0
        self.queue = []  # to send
        self.batch = []  # the last poll answer
        self.unproven = []  # sent on a socket
        self.poll = self.sock = None
        self.again_id = got['connect']  # whom another node answered; a connect with another id has got that
        self.again_to = got['sent']
        self.sent_id, self.writing, self.flow, self.got = None, None, False, set()
        self.seen_at, self.skip_to, self.sure, self.sure_id = 0.0, 0, True, None
        self.touch = None  # asks again what no reply has come to yet

    def matches(self, seq, channel):
        names = expand(channel)
        return any(p in names and f < seq for p, f in self.subs.items()) or any(
            p in names and f < seq < t for p, f, t in self.closed
        )

    def owes(self, id):
        """this id's recorded answer is still to be repeated: an empty answer would acknowledge it"""
        return self.again_id == id and (self.need is not None or bool(self.queue) or not self.sure)

    def proven(self, node_pos):
        """everything up to here has surely reached the client"""
        first = [s for s, _ in (self.batch + self.unproven + self.queue) if s]
        return min([node_pos if self.need is None else self.pos] + [s - 1 for s in first])
