// Where a process spends its time, as text: perf, which samples, or callgrind, which counts
// each instruction and is slow. Both leave their files in `dir`.
'use strict';

const { execFileSync, spawn, spawnSync } = require('child_process');
const path = require('path');
const { installed } = require('./processes.js');

const HZ = 1999, STACK_BYTES = 16384;

// Virtual machines often have no counters; then the clock's ticks do.
function perfEvent() {
  for (const event of ['cycles', 'cpu-clock']) {
    const { status, stderr } = spawnSync('perf', ['stat', '-x,', '-e', event, 'true'], { encoding: 'utf8' });
    if (status === 0 && !/not (supported|counted)/.test(stderr)) return event;
  }
  return null;
}

// Lines "12.34%|…|object|symbol" as a table. Places in a library without symbols are taken
// together: summed up, or the largest of them where they are within each other.
function perfLines(text, top, nested) {
  const found = new Map();
  for (const line of text.split('\n').filter((one) => /^\s*\d+\.\d+%\s*\|/.test(one))) {
    const fields = line.split('|').map((field) => field.trim());
    const share = parseFloat(fields[0]), object = fields[fields.length - 2];
    const name = fields[fields.length - 1].replace(/^\[[.k]\] /, '');
    const what = `${/^0x[0-9a-f]+$/.test(name) ? '(no symbol)' : name}  ${object}`;
    const before = found.get(what) || 0;
    found.set(what, nested ? Math.max(before, share) : before + share);
  }
  return [...found].sort(([, a], [, b]) => b - a).slice(0, top)
    .map(([what, share]) => `${share.toFixed(2).padStart(6)} %  ${what}`).join('\n');
}

function perfReport(file, top, nested) {
  const order = nested ? ['--children', '-F', 'overhead_children,overhead,dso,sym'] : ['--no-children', '-F', 'overhead,dso,sym'];
  const text = execFileSync('perf', ['report', '-i', file, '--stdio', '-g', 'none', '-t', '|', ...order],
    { encoding: 'utf8', maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'ignore'] });
  return perfLines(text, top, nested);
}

// Both begin when told and end by themselves after `seconds`. `command`: what the server is
// started through. `begin` resolves when done; `report` after the server has ended.
function perf(dir, seconds, event) {
  const file = path.join(dir, 'perf.data');
  return {
    name: `perf, ${event}`,
    command: [],
    begin: (pid) => new Promise((resolve, reject) => {
      const child = spawn('perf', ['record', '-q', '-e', event, '-F', String(HZ), '--call-graph', `dwarf,${STACK_BYTES}`,
        '-p', String(pid), '-o', file, '--', 'sleep', String(seconds)], { stdio: ['ignore', 'ignore', 'pipe'] });
      let said = '';
      child.stderr.on('data', (part) => { said += part; });
      child.on('close', (status) => (status === 0 ? resolve() : reject(new Error(`perf record: ${said}`))));
    }),
    report: (top) => [
      ['self', perfReport(file, top, false)],
      ['with what is called', perfReport(file, top, true)],
    ],
  };
}

function callgrind(dir, seconds) {
  const file = path.join(dir, 'callgrind.out');
  const control = (pid, what) => execFileSync('callgrind_control', ['-i', what, String(pid)], { stdio: 'ignore' });
  const annotate = (top, args) => execFileSync('callgrind_annotate', ['--auto=no', '--threshold=100', ...args, file],
    { encoding: 'utf8', maxBuffer: 1 << 28 })
    .split('\n').filter((line) => /^\s*[\d,]+ \([ \d.]+%\)(?!\s+PROGRAM TOTALS)/.test(line)).slice(0, top).join('\n');
  return {
    name: 'callgrind, instructions outside the kernel',
    command: ['valgrind', '--tool=callgrind', '--instr-atstart=no', `--callgrind-out-file=${file}`, '--'],
    begin: async (pid) => {
      control(pid, 'on');
      await new Promise((resolve) => { setTimeout(resolve, seconds * 1000); });
      control(pid, 'off');
    },
    report: (top) => [['self', annotate(top, [])], ['with what is called', annotate(top, ['--inclusive=yes'])]],
  };
}

// `wanted`: "perf", "callgrind", or undefined for the better of those that work. null: none.
function chooseProfiler(wanted, dir, seconds) {
  const event = wanted !== 'callgrind' && installed('perf') ? perfEvent() : null;
  if (event) return perf(dir, seconds, event);
  return wanted !== 'perf' && installed('valgrind') ? callgrind(dir, seconds) : null;
}

module.exports = { chooseProfiler };
