// README's table of compatibility, made from the names of the tests there are: what no test is named after does not
// appear in it. `table` prints it, `table --write` puts it into README.md.
import fs from 'node:fs';
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { FAMILIES } from './kinds.mjs';

const README = new URL('../../README.md', import.meta.url);
const BEGIN = '<!-- compatibility: written by tests/clients/table -->';
const END = '<!-- compatibility: end -->';

// The columns, by the names that Bayeux has for the transports.
const TRANSPORTS = {
  websocket: 'WebSocket',
  'long-polling': 'long-polling',
  'cross-origin-long-polling': 'cross-origin long-polling',
  eventsource: 'EventSource',
  'callback-polling': 'callback-polling (JSONP)',
};

// What Chromium's pages load.
const { dependencies: inPages } = JSON.parse(fs.readFileSync(new URL('../system/package.json', import.meta.url), 'utf8'));

// Each row: who; which part of script/test; the tests it stands for, whose names hold a `transport` and `what` they show
// there, and may hold an `extension`.
const ROWS = [
  ...FAMILIES.flatMap(({ family, title, versions }) => versions.map((version) => ({
    client: title,
    version,
    part: 'clients',
    called: `${family}-…`,
    tests: [new RegExp(`^${family}-${version.replaceAll('.', '\\.')} (?<transport>\\S+?)(?: with (?<extension>\\S+))?: (?<what>.+)$`)],
  }))),
  { client: '`curl`', version: "Debian's", part: 'clients', called: 'curl …', tests: [/^curl (?<transport>\S+): (?<what>.+)$/] },
  {
    client: '`faye.js` in Chromium',
    version: inPages.faye,
    part: 'system',
    called: 'browser: …',
    tests: [/^browser: (?<transport>\S+), (?<what>\S+ origin): /, /^browser: (?<what>cookies) go with (?<transport>\S+)$/],
  },
  {
    client: '`cometd` in Chromium',
    version: inPages.cometd,
    part: 'system',
    called: 'browser, CometD: …',
    tests: [/^browser, CometD: (?<transport>[^\s,:]+), (?<what>\S+ origin): /],
  },
];

const namesIn = (part) => execFileSync(fileURLToPath(new URL(`../${part}/run`, import.meta.url)), ['--list'], { encoding: 'utf8' }).trim().split('\n');

const unique = (list) => [...new Set(list)];

// What the tests of one row show: { TRANSPORT: { EXTENSION or '': [WHAT] } }.
function shownBy({ part, tests }, names) {
  const shown = {};
  for (const pattern of tests) {
    const found = names[part].map((name) => pattern.exec(name)?.groups).filter(Boolean);
    if (!found.length) throw new Error(`no test of ${part} has a name like ${pattern}`);
    for (const { transport, extension = '', what } of found) {
      if (!(transport in TRANSPORTS)) throw new Error(`${pattern} finds ${transport}, for which there is no column`);
      ((shown[transport] ??= {})[extension] ??= []).push(what);
    }
  }
  return shown;
}

// What every kind of client shows, on each of its transports and with each extension.
function basicsOf(rows) {
  const lists = rows.flatMap(({ shown }) => Object.values(shown).flatMap((byExtension) => Object.values(byExtension)));
  return lists.reduce((common, list) => common.filter((what) => list.includes(what)));
}

function cell(byExtension, basics) {
  const parts = Object.entries(byExtension ?? {}).map(([extension, list]) => {
    const hasAll = basics.every((what) => list.includes(what));
    const words = unique(hasAll ? ['basics', ...list.filter((what) => !basics.includes(what))] : list).join(', ');
    return extension ? `with ${extension}: ${words}` : words;
  });
  return parts.join('; ');
}

// Rows that differ in nothing but the version become one.
function gather(rows, basics) {
  const lines = new Map();
  for (const { client, version, part, called, shown } of rows) {
    const cells = Object.keys(TRANSPORTS).map((transport) => cell(shown[transport], basics));
    const key = [client, ...cells, part].join('|');
    if (!lines.has(key)) lines.set(key, { client, versions: [], cells, by: `${part}: “${called}”` });
    lines.get(key).versions.push(version);
  }
  return [...lines.values()];
}

export function makeTable() {
  const names = { clients: namesIn('clients'), system: namesIn('system') };
  const rows = ROWS.map((row) => ({ ...row, shown: shownBy(row, names) }));
  const basics = basicsOf(rows.filter(({ client }) => FAMILIES.some(({ title }) => title === client)));
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [
    `*Basics*: ${basics.join(', ')}.`,
    '',
    line(['client', 'version', ...Object.values(TRANSPORTS), 'tested by']),
    line(Array.from({ length: Object.keys(TRANSPORTS).length + 3 }, () => '---')),
    ...gather(rows, basics).map(({ client, versions, cells, by }) => line([client, versions.join(', '), ...cells, by])),
  ].join('\n');
}

function split() {
  const text = fs.readFileSync(README, 'utf8');
  const [from, to] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (from < 0 || to < from) throw new Error(`README.md does not hold "${BEGIN}" and "${END}"`);
  return { before: text.slice(0, from + BEGIN.length), table: text.slice(from + BEGIN.length, to).trim(), after: text.slice(to) };
}

export const readTable = () => split().table;

export function writeTable(table) {
  const { before, after } = split();
  fs.writeFileSync(README, `${before}\n${table}\n${after}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv[2] === '--write') writeTable(makeTable());
  else console.log(makeTable());
}
