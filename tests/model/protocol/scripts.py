"""The scripts: each runs whole."""
import functools

from .sim import CLIENT_TTL, HOLD, LOG_TTL, YOUNG, expand
from .store import Store


def gated(script):
    """`gen` fences late commands of a node's former connection"""

    @functools.wraps(script)
    def whole(self, node, gen, *args):
        return self.gate(node, gen) or script(self, node, *args)

    return whole


class Redis(Store):
    def __init__(self, sim, oracle):
        super().__init__(sim)
        self.oracle = oracle

    def gate(self, node, gen):
        me = self.get('node:' + node)
        if me is None:
            return 'emptied'
        if me['gen'] != gen and not self.sim.flawed('no-gen'):
            return 'stale'
        return None

    # None when it ended, or another turn has begun.
    def mine(self, cid, turn):
        c = self.get('client:' + cid)
        return c if c and (c['turn'] == turn or self.sim.flawed('no-turn')) else None

    def join(self, node, pos, sent_k):
        epoch = self.get('epoch')
        if epoch is None:
            epoch = self.data['epoch'] = (self.sim.rng.random(), self.sim.now)
        if not self.sim.flawed('seq-restarts'):  # numbers never go back
            self.data['seq'] = max(self.data.get('seq', 0), pos, int(self.sim.now * 1e6))
        me = self.hash('node:' + node)
        me.setdefault('k', sent_k)
        me.setdefault('cursor', 0)
        me['gen'] = me.get('gen', 0) + 1
        self.expire('node:' + node, LOG_TTL)
        missed = self.want('log:@' + node)
        return dict(epoch=epoch, k=me['k'], gen=me['gen'], missed=missed)

    def young(self):
        epoch = self.get('epoch')
        return epoch and epoch[1] > 1 and self.sim.now - epoch[1] < YOUNG

    def unknown(self):
        return 'later' if self.young() and not self.sim.flawed('young-401') else '401'

    def publish_script(self, node, k, msg, everywhere):
        me = self.get('node:' + node)
        if me is None:
            return 'emptied', 0
        if me['k'] + 1 != k and not self.sim.flawed('resend-blind'):
            return 'again', me['k']
        me['k'] = k
        done = f'done:{msg.pub}:{msg.n}'
        if not self.sim.flawed('retry-blind'):
            if self.live(done):
                return 'done', 0
            self.data[done] = 1
            self.expire(done, 6 * HOLD)
        seq = self.seq()
        self.oracle.published(seq, msg)
        item = (seq, 'msg', (msg, node, k))
        for pattern in expand(msg.channel):
            if self.xadd('log:' + pattern, seq, item, everywhere):
                self.publish('live:' + pattern, item)
        return 'ok', seq

    @gated
    def create(self, node, cid):
        self.data['client:' + cid] = dict(home=node, turn=1, cursor=self.seq(), seen=[], ids=[], subs={})
        self.expire('client:' + cid, CLIENT_TTL)
        return self.attached(cid)

    def attached(self, cid):
        c = self.data['client:' + cid]
        return dict(
            turn=c['turn'],
            cursor=c['cursor'],
            subs=dict(c['subs']),
            seen=list(c['seen']),
            at=self.seq(),
            sent=c.get('sent', 0),
            connect=c.get('connect'),
        )

    @gated
    def attach(self, node, cid, id, stalled):
        c = self.get('client:' + cid)
        if not c:
            return self.unknown()
        if not self.sim.flawed('stale-connect'):
            if id in c['seen'][:-1]:
                return 'old'
            if stalled and self.sim.now - c.get('heard', 0) < stalled:
                return 'unsure'
        c['heard'] = self.sim.now
        if c.get('connect') != id:
            c['cursor'] = max(c['cursor'], c.pop('sent', 0))
            c.pop('connect', None)
        if c.pop('flow', None):
            c['cursor'] = max(c['cursor'], self.get('node:' + c['home'], {}).get('cursor', 0))
        c['seen'] = [i for i in c['seen'] if i != id][-7:] + [id]
        c['turn'] += 1
        if c['home'] != node:
            self.note(c['home'], ('taken', cid, c['turn'], id))
        c['home'] = node
        self.expire('client:' + cid, CLIENT_TTL)
        self.oracle.touched(cid)
        return self.attached(cid)

    @gated
    def restore(self, node, cid, turn, cursor, subs, seen, sent, connect):
        c = self.get('client:' + cid)
        if c:
            return 'ok' if c['turn'] == turn and c['home'] == node else 'lost'
        c = self.data['client:' + cid] = dict(
            home=node, turn=turn, cursor=cursor, seen=seen, ids=[], subs=dict(subs)
        )
        if connect:
            c.update(sent=sent, connect=connect)
        self.expire('client:' + cid, CLIENT_TTL)
        for pattern in subs:
            self.want('log:' + pattern)
        self.oracle.restored(cid, subs)
        return 'ok'

    @gated
    def change(self, node, cid, sign, patterns, id):
        """subscribe (+) and unsubscribe (-), heard on any node"""
        c = self.get('client:' + cid)
        if not c:
            return self.unknown()
        if id in c['ids'] and not self.sim.flawed('stale-subscribe'):
            return 'ok'
        c['ids'] = c['ids'][-15:] + [id]
        patterns = [p for p in patterns if (p in c['subs']) == (sign == '-')]
        if patterns:
            if sign == '+':
                for p in patterns:
                    self.want('log:' + p)
            seq = self.note(c['home'], (sign, cid, patterns))
            for p in patterns:
                if sign == '+':
                    c['subs'][p] = seq
                else:
                    del c['subs'][p]
            self.oracle.changed(cid, sign, patterns, seq)
            return 'ok', seq, c['home']
        return 'ok'

    @gated
    def destroy(self, node, cid, turn):
        c = self.get('client:' + cid)
        if not c:
            return self.unknown()
        if turn and c['turn'] != turn:
            return 'lost'
        self.note(c['home'], ('gone', cid, c['turn']))
        self.drop('client:' + cid)
        self.oracle.ended(cid)
        return 'ok'

    @gated
    def sent(self, node, cid, turn, cursor, sent, connect):
        c = self.mine(cid, turn)
        if not c:
            return 'lost'
        c.pop('flow', None)
        if cursor >= c['cursor'] or self.sim.flawed('no-turn'):
            c['cursor'] = cursor
            if connect:
                c.update(sent=sent, connect=connect)
        self.expire('client:' + cid, CLIENT_TTL)
        return 'ok'

    @gated
    def touch(self, node, cid, turn, id):
        c = self.mine(cid, turn)
        if not c:
            return 'lost'
        if id not in c['seen']:
            c['seen'] = c['seen'][-7:] + [id]
        c['heard'] = self.sim.now
        self.expire('client:' + cid, CLIENT_TTL)
        self.oracle.touched(cid)
        return 'ok'

    @gated
    def read(self, node, wants):
        """backlogs and a mark: when the mark is heard, the reads and what was heard live are together complete"""
        found, made = [], 0
        for pattern, start in wants.items():
            if not pattern.startswith('@') and not self.live('log:' + pattern):
                made += 1
            self.want('log:' + pattern)
            found += [item for seq, item in self.data['log:' + pattern] if seq > start]
        mark = self.seq()
        self.publish('live:@' + node, (mark, 'note', ('mark', mark)))
        return dict(found=found, mark=mark, made=made)

    @gated
    def keep(self, node, patterns):
        return 'ok', sum(self.want('log:' + p) for p in patterns)

    @gated
    def beat(self, node, cursor, enter, leave):
        for cid, turn, at in leave:
            c = self.mine(cid, turn)
            if c:
                c['cursor'] = max(c['cursor'], at)
                c.pop('flow', None)
        for cid, turn in enter:
            c = self.mine(cid, turn)
            if c:
                c['flow'] = 1
        me = self.data['node:' + node]
        me['cursor'] = max(me['cursor'], cursor)
        self.expire('node:' + node, LOG_TTL)
        self.want('log:@' + node)
        self.publish('live:@' + node, (self.seq(), 'note', ('beat',)))
        return 'ok'
