// What may happen in spite of all, as predicates for a checker's verdict: section 9 of the plan, "Promises".

// A socket proves what came over it once a second, and Redis hears of it up to two beats later. Ten seconds, for
// machines that are busy; what came before that may not come again.
const UNPROVED_S = 10;

// Over a socket that broke, or was left for a poll, messages that were not proved before come again afterwards.
export const mayRepeat = ({ account, first, again }) =>
  account.breaks.some((broke) => first.tick < broke.tick && broke.tick < again.tick && broke.s - first.s < UNPROVED_S);
