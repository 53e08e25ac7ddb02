"""What a node does for the sessions that are at home with it, or come to be."""
from .session import Session
from .sim import CLIENT_TTL, GRACE, HOLD


class Sessions:
    """ATTACHING: the script is under way. Then a session, with no outlet, a poll, or a socket."""

    def send_attach(self, cid):
        a = self.attaching.get(cid)
        if not a:
            return
        if not (self.joined and self.synced):
            if self.sim.now - self.down_since > GRACE:
                self.attach_failed(cid, 'later')
            return
        self.call('attach', cid, a['id'], a['stalled'], then=lambda r: self.on_attach(cid, a, r))

    def attach_failed(self, cid, why):
        waiting = self.attaching.pop(cid)['waiting']
        if why in ('empty', 'unsure'):
            waiting, others = waiting[:1], waiting[1:]  # said of this connect only
        else:
            others = []
        for id, outlet in waiting:  # an answer would acknowledge what the home recorded
            if why in ('unsure', 'later'):
                outlet.hang_up()
            else:
                outlet.answer(why, id)
        for id, outlet in others:
            self.on_connect(cid, id, outlet)

    def on_attach(self, cid, a, got):
        if self.attaching.get(cid) is not a:
            return
        if isinstance(got, str):
            self.attach_failed(cid, {'old': 'empty'}.get(got, got))
            return
        del self.attaching[cid]
        self.sim.say(self, 'attached', cid, got)
        if cid in self.sessions:
            self.lost(self.sessions[cid])
        s = self.sessions[cid] = Session(cid, got)
        s.seen_at = self.sim.now
        s.need, s.held = {}, {}
        for p in s.subs:
            self.want(s, p)
        for seq, note in a['notes']:
            self.on_note(seq, note)
        if self.sessions.get(cid) is not s:
            for id, outlet in a['waiting']:
                outlet.hang_up()
            return
        if s.subs:
            self.hold(s, {p: max(s.pos, f) for p, f in s.subs.items()})
        else:
            s.need, s.pos = None, max(self.pos, s.pos)
        for id, outlet in a['waiting']:
            self.take_connect(s, id, outlet)

    def on_connect(self, cid, id, outlet):
        s = self.sessions.get(cid)
        if s:
            self.take_connect(s, id, outlet)
        elif cid in self.attaching:
            self.attaching[cid]['waiting'].append((id, outlet))
        else:
            waiting = [(id, outlet)]
            self.attaching[cid] = dict(id=id, waiting=waiting, notes=[], stalled=self.stalled)
            self.send_attach(cid)

    def take_connect(self, s, id, outlet):
        self.sim.say(self, s.cid, 'connect', id, outlet.kind)
        if id in s.seen[:-1] and not self.flawed('stale-connect'):
            outlet.answer('empty', id)
            return
        s.seen_at = self.sim.now
        if id not in s.seen:
            s.seen = s.seen[-7:] + [id]
        self.acknowledge(s, id)
        if outlet.kind == 'ws' and s.sock is not outlet:
            away = not self.joined and self.sim.now - self.down_since > GRACE
            s.sure = away or self.flawed('bind-unchecked')
        touched = lambda r: self.touched(s, id, outlet, r)
        s.touch = lambda: self.call('touch', s.cid, s.turn, id, then=touched)
        s.touch()
        if s.poll:
            s.poll.hang_up() if s.poll.id == id else s.poll.answer('empty', s.poll.id)
        s.poll, sock = None, s.sock
        if outlet.kind == 'ws':
            if s.sock is not outlet:
                self.unbind(s)
                s.sock = outlet
                outlet.session = s
            outlet.held = id
            self.sim.at(HOLD, self.input, lambda: outlet.end_hold(id))
        else:
            self.unbind(s)
            if sock:
                sock.hang_up() if sock.held == id else sock.end_hold(sock.held)
            s.poll, outlet.id = outlet, id
            self.sim.at(HOLD, self.input, lambda: self.poll_end(s, outlet))
        self.flush(s)

    def acknowledge(self, s, id):
        """a connect tells by its id whether the last answer arrived"""
        if s.again_id not in (None, id):
            s.skip_to, s.again_id = s.again_to, None
            s.queue = [m for m in s.queue if not 0 < m[0] <= s.skip_to]
        if s.batch:
            if id == s.sent_id:
                s.queue = s.batch + s.queue
            s.batch = []

    def touched(self, s, id, outlet, r):
        if self.sessions.get(s.cid) is not s:
            return
        if r == 'lost':  # we are not its home: this connect makes us so
            if s.poll is outlet:
                s.poll = None
            if s.sock is outlet:
                s.sock = outlet.session = None
            self.lost(s)
            self.on_connect(s.cid, id, outlet)
        else:
            s.sure, s.sure_id = True, id
            if s.poll is outlet or s.sock is outlet:
                s.touch = None
            self.flush(s)

    def unbind(self, s):
        """the socket is gone or replaced: what it was not proven to have got comes again, and Redis knows"""
        if not s.sock:
            return
        s.sock.session, s.sock = None, None
        s.queue, s.unproven = s.unproven + s.queue, []
        entered = s.flow
        then = lambda r: self.left(s, r, entered)
        self.call('sent', s.cid, s.turn, s.proven(self.pos), 0, None, then=then)

    def left(self, s, r, entered):
        """Redis says it is out of flow; unless it entered again after that request"""
        if r == 'lost':
            self.lost(s)
        elif s.flow is entered:
            s.flow = False

    def poll_end(self, s, outlet):
        if s.poll is outlet and s.owes(outlet.id):
            self.sim.at(0.5, self.input, lambda: self.poll_end(s, outlet))
            return
        if s.poll is outlet and not s.writing and self.sessions.get(s.cid) is s:
            s.poll = None
            outlet.answer('empty', outlet.id)

    def flush(self, s):
        if s.sock:
            if not s.sure:
                return
            for m in s.queue:
                s.sock.send(m)
                s.unproven.append(m)
            s.queue, s.again_id = [], None
        elif s.poll and s.queue and not s.writing and not s.poll.closed:
            self.flush_poll(s, s.poll, list(s.queue))

    def flush_poll(self, s, poll, batch):
        """Redis has it recorded before the client has it"""
        if not self.joined:
            if self.sim.now - self.down_since > GRACE:
                self.answer(s, poll, batch)
            return
        seqs = [q for q, _ in batch if q]
        if not seqs:
            self.answer(s, poll, batch)
            return
        s.writing = token = object()
        done = lambda r: self.recorded(s, poll, batch, r) if s.writing is token else None
        self.call('sent', s.cid, s.turn, s.proven(self.pos), seqs[-1], poll.id, then=done)
        if self.flawed('sent-unawaited'):
            s.writing = None
            self.answer(s, poll, batch)

    def recorded(self, s, poll, batch, r):
        s.writing = None
        if self.sessions.get(s.cid) is not s:  # taken meanwhile: recorded is as good as said
            if poll is s.poll:
                poll.answer('events', poll.id, batch) if r == 'ok' else poll.hang_up()
        elif r == 'lost':
            self.lost(s)
        elif s.poll is poll and not poll.closed:
            self.answer(s, poll, batch)
        else:
            self.flush(s)

    def answer(self, s, poll, batch):
        s.batch, s.sent_id, s.queue = batch, poll.id, s.queue[len(batch) :]
        s.poll = s.again_id = None  # a repeat may be shorter than the first answer
        poll.answer('events', poll.id, batch)

    def lost(self, s, gone=False, by='?'):
        """another node has it, or it has ended. A connect id may be answered in one place only: if it was taken by
        the connect held here (or we cannot tell), or `touch` has not yet said that the one held here came to the
        session's home (another home may have answered it), hang up, so that the client asks again
        """
        if self.sessions.get(s.cid) is not s:
            return
        self.sim.say(self, 'lets go of', s.cid, 'turn', s.turn)
        del self.sessions[s.cid]
        for p in list(s.subs):
            self.unwant(s, p)
        if s.poll and (gone or not s.writing):
            if (by in ('?', s.poll.id) or s.sure_id != s.poll.id) and not gone:
                s.poll.hang_up()
            else:
                s.poll.answer('401' if gone else 'empty', s.poll.id)
        if s.sock:
            self.sim.breaks.append((self.sim.now, s.cid))
            sock, s.sock.session = s.sock, None
            if (by in ('?', sock.held) or s.sure_id != sock.held) and not gone:
                sock.hang_up()
            else:
                sock.end_hold(sock.held, gone)

    def sweep(self):
        for s in list(self.sessions.values()):
            if self.sim.now - s.seen_at > CLIENT_TTL:
                self.call('destroy', s.cid, s.turn)
                self.lost(s)
