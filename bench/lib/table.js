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

function text(rows) {
  return rows.map((row) => `| ${row.join(' | ')} |`).join('\n');
}

// Runs of each of `servers`: their medians as text, and how far apart they are.
function medians(runs, name, figure, servers) {
  const all = servers.map((server) => runs
    .filter((run) => run.scenario === name && run.server === server && run.figures)
    .map((run) => figure.of(run.figures)).filter((value) => value !== null));
  const repeated = all.filter((one) => one.length > 1 && median(one) !== 0);
  return {
    values: all.map((one) => (one.length ? median(one) : null)),
    widest: repeated.length ? `${(Math.max(...repeated.map(spread)) * 100).toFixed(0)} %` : '',
  };
}

// `runs`: [{ scenario, server, figures }]; one row per figure of each scenario.
function markdown(runs, scenarios) {
  const head = ['scenario', 'figure', 'fayed', 'Faye', 'floor', 'fayed/Faye', 'fayed/floor', 'spread'];
  const rows = [head, head.map((_, i) => (i < 2 ? '---' : '---:'))];
  for (const [name, scenario] of Object.entries(scenarios)) {
    for (const figure of scenario.figures) {
      const { values, widest } = medians(runs, name, figure, ['fayed', 'faye', 'floor']);
      const [fayed, faye, floor] = values;
      if (values.every((value) => value === null)) continue;
      rows.push([
        name, figure.label, ...values.map((value) => number(value, figure.digits)),
        ratio(fayed, faye), ratio(fayed, floor), widest,
      ]);
    }
  }
  return text(rows);
}

// The same of servers that share a Redis, in the README's form.
function clusterMarkdown(runs, scenarios) {
  const servers = ['fayed', 'faye', 'alone', 'script', 'publish'];
  const head = ['', 'fayed', 'Faye', 'fayed without Redis', 'the script alone', 'PUBLISH alone', 'spread'];
  const rows = [head, head.map((_, i) => (i ? '---:' : '---'))];
  for (const [name, scenario] of Object.entries(scenarios)) {
    scenario.figures.forEach((figure, i) => {
      const { values, widest } = medians(runs, name, figure, servers);
      if (values.every((value) => value === null)) return;
      const label = i ? `… ${figure.label}` : `${scenario.title}: ${figure.label}`;
      rows.push([label, ...values.map((value) => number(value, figure.digits)), widest]);
      if (figure.share)
        rows.push(['… fayed over each', '', ...values.slice(1).map((value) => ratio(values[0], value)), '']);
    });
  }
  return text(rows);
}

module.exports = { clusterMarkdown, markdown, median };
