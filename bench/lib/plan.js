// What bench/run does, in order, and what it has to leave out.
'use strict';

const cluster = require('./cluster-run.js');
const clusterScenarios = require('./cluster-scenarios.js');
const { contestants: clusterContestants, hasFayeRedis, hasRedis } = require('./clusters.js');
const { contestants } = require('./contestants.js');
const { complaints, lacking, oneRun } = require('./one-run.js');
const scenarios = require('./scenarios.js');

// Scenarios of bench/cluster that are run too, under the name redis-NAME.
const REDIS = ['fanout', 'polling', 'publish'];

function usual(name, opt, all, servers) {
  const scenario = scenarios[name];
  return {
    name,
    servers,
    run: (who) => oneRun(name, scenario, who, all[who], opt.quick),
    complaints,
  };
}

function ofCluster(name, opt, servers) {
  const all = clusterContestants(opt.fayed), own = name.replace(/^redis-/, '');
  return {
    name,
    servers,
    run: async (who) => ({ ...await cluster.runOnce(who, all[who], own, opt.quick), scenario: name }),
    complaints: (run) => cluster.complaints({ ...run, scenario: own }, all[run.server]),
  };
}

function clusterMissing(who) {
  if (!hasRedis()) return 'redis-server is missing';
  return who === 'faye' && !hasFayeRedis() ? 'run "npm ci" in bench/peers' : null;
}

// { plan, left }: the plan for measure(), and what is left out and why.
function makePlan(opt, names, chosen) {
  const all = contestants(opt), left = new Set(), plan = [];
  const here = (who, why, where) => {
    if (why) left.add(`${where || who}: ${why}`);
    return !why;
  };

  for (const name of names) {
    const own = name.replace(/^redis-/, ''), withRedis = own !== name;
    const scenario = withRedis ? clusterScenarios[own] : scenarios[name];
    const takePart = ['fayed', 'faye', ...scenario.on].filter((who, i, list) => list.indexOf(who) === i)
      .filter((who) => scenario.on.includes(who) && chosen.includes(who) && all[who])
      .filter((who) => (withRedis ? here(who, clusterMissing(who), `${who} with Redis`) : here(who, all[who].missing())));
    const why = withRedis ? null : lacking(scenario);
    if (why) left.add(`${name}: ${why}`);
    else if (takePart.length)
      plan.push(withRedis ? ofCluster(name, opt, takePart) : usual(name, opt, all, takePart));
  }
  return { plan, left: [...left] };
}

module.exports = { makePlan, REDIS };
