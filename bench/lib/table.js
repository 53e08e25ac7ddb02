// Medians of many runs as a Markdown table.
'use strict';

function median(values) {
  const sorted = [...values].sort((a, b) => a - b), half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

// How far the runs of one server lie apart, over their median.
function spread(values) {
  return (Math.max(...values) - Math.min(...values)) / Math.abs(median(values));
}

function number(value, digits) {
  if (value === null) return '';
  const [whole, part] = value.toFixed(digits).split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return part ? grouped + '.' + part : grouped;
}

function ratio(a, b) {
  return a !== null && b ? (a / b).toPrecision(3) : '';
}

// `runs`: [{ scenario, server, figures }]; one row per figure of each scenario.
function markdown(runs, scenarios) {
  const head = ['scenario', 'figure', 'fayed', 'Faye', 'floor', 'fayed/Faye', 'fayed/floor', 'spread'];
  const rows = [head, head.map((_, i) => (i < 2 ? '---' : '---:'))];
  for (const [name, scenario] of Object.entries(scenarios)) {
    for (const figure of scenario.figures) {
      const values = (server) => runs
        .filter((run) => run.scenario === name && run.server === server && run.figures)
        .map((run) => figure.of(run.figures));
      const all = ['fayed', 'faye', 'floor'].map(values);
      if (all.every((one) => one.length === 0)) continue;
      const [fayed, faye, floor] = all.map((one) => (one.length ? median(one) : null));
      const repeated = all.filter((one) => one.length > 1);
      const widest = repeated.length ? `${(Math.max(...repeated.map(spread)) * 100).toFixed(0)} %` : '';
      rows.push([
        name, figure.label, ...[fayed, faye, floor].map((value) => number(value, figure.digits)),
        ratio(fayed, faye), ratio(fayed, floor), widest,
      ]);
    }
  }
  return rows.map((row) => `| ${row.join(' | ')} |`).join('\n');
}

module.exports = { markdown, median };
