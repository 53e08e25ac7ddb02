// Pictures of what bench/run measured, as SVG.
'use strict';

const { median, number } = require('./table.js');

const WIDTH = 760, LEFT = 16;
const WHO = {
  'fayed': ['fayed', '#1f9d55'], 'faye': ['Faye 1.4.3 (Node)', '#b8bcc4'], 'cometd': ['CometD (Jetty)', '#c9a3d0'],
  'centrifuge': ['Centrifuge', '#86c9c9'], 'nchan': ['nchan', '#7aa6d8'],
  'floor-ws': ['bare send()', '#e3c26f'], 'floor-poll': ['bare libmicrohttpd', '#d99b6c'],
};
const STYLE = `<style>
    .back { fill: #ffffff } .title { font-size: 13px; fill: #333 } .value { font-size: 11px; fill: #555 }
    .key { font-size: 12px; fill: #555 } .grid { stroke: #e4e6ea } .axis { font-size: 11px; fill: #777 }
  </style>`;

function picture(height, body) {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif">
  ${STYLE}
  <rect width="${WIDTH}" height="${height}" class="back"/>
${body.join('\n')}
</svg>
`;
}

function text(x, y, kind, what, anchor = 'start') {
  return `  <text x="${x}" y="${y}" class="${kind}" text-anchor="${anchor}">${what}</text>`;
}

function keys(names, y) {
  let x = LEFT;
  return names.flatMap((name) => {
    const [title, color] = WHO[name], at = x;
    x += 34 + title.length * 6.4;
    return [`  <rect x="${at}" y="${y - 10}" width="12" height="12" rx="2" fill="${color}"/>`, text(at + 18, y, 'key', title)];
  });
}

// The median of a figure; null: there is none.
function value(runs, scenarios, name, label, server) {
  const figure = scenarios[name].figures.find((one) => one.label === label);
  const values = runs.filter((run) => run.scenario === name && run.server === server && run.figures)
    .map((run) => figure.of(run.figures)).filter((one) => one !== null);
  return values.length ? median(values) : null;
}

// `rows`: [scenario, label, title, digits, unit]. Bars of what each needs: shorter is better.
function bars(runs, scenarios, rows) {
  const WIDEST = 560, THICK = 9, seen = new Set(), body = [];
  let y = 50;
  for (const [name, label, title, digits, unit] of rows) {
    const found = Object.keys(WHO).map((who) => [who, value(runs, scenarios, name, label, who)])
      .filter(([, one]) => one !== null && one > 0);
    if (!found.length) continue;
    const most = Math.max(...found.map(([, one]) => one));
    body.push(text(LEFT, y, 'title', title));
    for (const [who, one] of found) {
      const width = Math.max((WIDEST * one) / most, 2);
      seen.add(who);
      body.push(`  <rect x="${LEFT}" y="${y + 6}" width="${width.toFixed(1)}" height="${THICK}" rx="2" fill="${WHO[who][1]}"/>`);
      body.push(text((LEFT + width + 6).toFixed(1), y + 14, 'value', `${number(one, digits)} ${unit}`));
      y += THICK + 3;
    }
    y += 30;
  }
  return picture(y - 14, [...keys(Object.keys(WHO).filter((who) => seen.has(who)), 24), ...body]);
}

// One panel: a line for each of `who` over the logarithm of x. `points`: [[x, scenario]].
function panel(runs, scenarios, at, { title, label, points, who }) {
  const W = 320, H = 180, top = at.y + 24, body = [text(at.x, at.y + 10, 'title', title)];
  const lines = who.map((server) => [server, points
    .map(([x, name]) => [x, value(runs, scenarios, name, label, server)]).filter(([, one]) => one !== null)]);
  const most = Math.max(...lines.flatMap(([, line]) => line.map(([, one]) => one)), 1) * 1.15;
  const first = Math.log(points[0][0]), last = Math.log(points[points.length - 1][0]);
  const px = (x) => at.x + 24 + ((W - 34) * (Math.log(x) - first)) / (last - first);
  const py = (one) => top + H - (H * one) / most;

  for (let tick = 0; tick <= most; tick += Math.max(Math.ceil(most / 5), 1)) {
    body.push(`  <line x1="${at.x + 22}" x2="${at.x + W}" y1="${py(tick).toFixed(1)}" y2="${py(tick).toFixed(1)}" class="grid"/>`);
    body.push(text(at.x + 16, (py(tick) + 4).toFixed(1), 'axis', tick, 'end'));
  }
  for (const [x] of points) body.push(text(px(x).toFixed(1), top + H + 16, 'axis', number(x, 0), 'middle'));
  for (const [server, line] of lines) {
    const path = line.map(([x, one]) => `${px(x).toFixed(1)},${py(one).toFixed(1)}`);
    body.push(`  <polyline points="${path.join(' ')}" fill="none" stroke="${WHO[server][1]}" stroke-width="2.5"/>`);
    path.forEach((one) => {
      const [x, y] = one.split(',');
      body.push(`  <circle cx="${x}" cy="${y}" r="3.5" fill="${WHO[server][1]}"/>`);
    });
  }
  return body;
}

function panels(runs, scenarios, all) {
  const seen = [...new Set(all.flatMap((one) => one.who))];
  return picture(290, [...keys(seen, 24),
    ...all.flatMap((one, i) => panel(runs, scenarios, { x: LEFT + i * 370, y: 46 }, one))]);
}

module.exports = { bars, panels };
