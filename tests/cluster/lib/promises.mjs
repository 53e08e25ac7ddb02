// What may happen in spite of all, as predicates for a checker's verdict. docs/cluster.md has them as a table; what is not
// here must not be.

// A socket proves what came over it once a second, and Redis hears of it up to two beats later: about three seconds. Ten
// here, for machines that are busy; what came before that may not come again.
const UNPROVED_S = 10;

// Seconds before something was gone in which a message may have been sent that went with it: it was on its way to its
// home, or its client on the way to another node.
const UNDER_WAY_S = 5;

const repeatsWithin = (s) => ({ account, first, again }) =>
  account.breaks.some((broke) => first.tick < broke.tick && broke.tick < again.tick && broke.s - first.s < s);

// Over a socket that broke, or was left for a poll, messages that were not proved before come again afterwards.
export const mayRepeat = repeatsWithin(UNPROVED_S);

// A node stood still for so long, and could not tell Redis what was proved.
export const mayRepeatAfterPause = (s) => repeatsWithin(s + UNPROVED_S);

const isWithin = ({ began, ended }, moment) => began.s - 1 < moment.s && moment.tick < ended.tick;

// Redis, or the way to it, was away for more than a second: what a node gave meanwhile it could not record, so it may
// come again; a publisher that changed its node meanwhile overtakes what its former node has kept; and what was kept is
// published when Redis is back, also to those who have subscribed since.
export const redisAway = (trouble) => ({
  doubled: (one) => mayRepeat(one) || isWithin(trouble, one.first),
  misordered: ({ message }) => !/ at node/.test(message.publisher) && isWithin(trouble, message.sent),
  uninvited: ({ message }) => isWithin(trouble, message.sent),
});

// Redis forgot everything at `gone`. What is published afterwards is not lost.
export const redisEmptied = (trouble) => ({
  ...redisAway(trouble),
  lost: ({ message: { sent } }) => trouble.gone.s - sent.s < UNDER_WAY_S && sent.tick < trouble.gone.tick,
});

// Another Redis became master. Until a node knows, it gives what it is told to the former, which forgets it.
export const redisFailedOver = (trouble) => ({
  ...redisAway(trouble),
  lost: ({ message: { sent } }) => trouble.began.s - sent.s < UNDER_WAY_S && sent.tick < trouble.ended.tick,
});

// A node was killed while Redis was out of its reach: what it had accepted it took with it.
export const killedWhileAway = (trouble, node) => ({
  ...redisAway(trouble),
  lost: ({ message: { publisher, sent } }) =>
    isWithin(trouble, sent) && (!/ at node/.test(publisher) || publisher.endsWith(` at ${node.name}`)),
});
