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

// One row per figure of each scenario; `servers`: [[name, head]], and a last column.
function figuresMarkdown(runs, scenarios, servers) {
  const head = ['scenario', 'figure', ...servers.map(([, title]) => title), 'spread'];
  const rows = [head, head.map((_, i) => (i < 2 ? '---' : '---:'))];
  for (const [name, scenario] of Object.entries(scenarios)) {
    for (const figure of scenario.figures) {
      const { values, widest } = medians(runs, name, figure, servers.map(([server]) => server));
      if (values.every((value) => value === null)) continue;
      rows.push([name, figure.label, ...values.map((value) => number(value, figure.digits)), widest]);
    }
  }
  return text(rows);
}

// One figure of one repetition; NaN: there is none.
function picker(runs, scenarios, repetition) {
  return (scenario, server, label) => {
    const run = runs.find((one) => one.scenario === scenario && one.server === server &&
      one.repetition === repetition && one.figures);
    const figure = run && scenarios[scenario].figures.find((one) => one.label === label);
    const value = figure ? figure.of(run.figures) : null;
    return value === null ? NaN : value;
  };
}

// A row's value in each repetition that has one.
function rowValues(runs, scenarios, row) {
  const repetitions = [...new Set(runs.map((run) => run.repetition))];
  return repetitions.map((one) => row.value(picker(runs, scenarios, one))).filter(Number.isFinite);
}

// What is asked, what came out: `met` is null where nothing is asked of this machine.
function judge(runs, scenarios, row, cores) {
  const values = rowValues(runs, scenarios, row);
  if (!values.length) return null;
  const value = median(values), asked = row.wanted.text && (row.cores || 0) <= cores;
  return { value, values, met: asked ? row.wanted.met(value) : null };
}

function verdict({ met }, row) {
  if (met !== null) return met ? 'yes' : '**no**';
  return row.cores ? `asked with ${row.cores} cores` : '';
}

// The table of rows.js; rows without figures are left out.
function rowsMarkdown(runs, scenarios, rows, cores) {
  const head = ['what', 'against', 'wanted', 'measured', 'spread', 'met'];
  const lines = [head, head.map((_, i) => (i === 3 || i === 4 ? '---:' : '---'))];
  for (const row of rows) {
    const found = judge(runs, scenarios, row, cores);
    if (!found) continue;
    const shown = /B$/.test(row.wanted.text) ? `${number(found.value, 0)} B` : `${number(found.value, found.value < 10 ? 2 : 1)} ×`;
    lines.push([row.what, row.against, row.wanted.text, shown,
      found.values.length > 1 ? `${(spread(found.values) * 100).toFixed(0)} %` : '', verdict(found, row)]);
  }
  return text(lines);
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

module.exports = { clusterMarkdown, figuresMarkdown, judge, median, number, rowsMarkdown };
