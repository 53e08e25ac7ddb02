// Starting servers and the load tool, and stopping them by process id.
'use strict';

const { spawn } = require('child_process');
const fs = require('fs');
const net = require('net');
const path = require('path');

const BENCH = path.dirname(__dirname);
const READY_MS = 30000, STOP_MS = 30000, RUN_MS = 180000;
const running = new Set();

// Whatever ends this process ends what it started.
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(130));

// A program of this folder: built here, or below the current directory (a build
// outside the source tree), or where BENCH_BIN says.
function tool(name) {
  const places = [process.env.BENCH_BIN, BENCH, path.resolve('bench')].filter(Boolean);
  const found = places.map((place) => path.join(place, name)).find((file) => fs.existsSync(file));
  if (!found) throw new Error(`${name} is not built: run "make bench"`);
  return found;
}

function peer(name) {
  return path.join(BENCH, 'peers', name);
}

// Where require() of a peer would find it; null when it is not installed.
function peerModule(name) {
  try {
    return require.resolve(name + '/package.json', {
      paths: [path.join(BENCH, 'peers'), ...(process.env.NODE_PATH || '').split(':').filter(Boolean)],
    });
  } catch {
    return null;
  }
}

// Whether a program is in $PATH.
function installed(name) {
  return (process.env.PATH || '').split(':').some((dir) => dir && fs.existsSync(path.join(dir, name)));
}

// Two cores to be had, one for the server and one for the load tool; null if there are
// not two. On one and the same core a send() wakes nobody and costs half: where the
// kernel happens to put them decides, unless we do.
const cores = (function choose() {
  const list = /^Cpus_allowed_list:\s*(\S+)/m.exec(fs.readFileSync('/proc/self/status', 'latin1'))[1];
  const all = list.split(',').flatMap((range) => {
    const [from, to] = range.split('-').map(Number);
    return Array.from({ length: (to ?? from) - from + 1 }, (_, i) => from + i);
  });
  return all.length > 1 && installed('taskset') ? { server: all[0], load: all[1] } : null;
}());

// `core`: a number to stay there; null: anywhere.
function launch(command, args, core = null) {
  const stdio = ['ignore', 'pipe', 'pipe'];
  const child = core === null ? spawn(command, args, { stdio })
    : spawn('taskset', ['-c', String(core), command, ...args], { stdio }); // which becomes the command
  const result = { child, stdout: '', stderr: '' };
  running.add(child);
  child.stdout.on('data', (text) => { result.stdout += text; });
  child.stderr.on('data', (text) => { result.stderr = (result.stderr + text).slice(-65536); });
  result.ended = new Promise((resolve) => {
    child.on('error', (error) => {
      result.stderr += error.message;
      running.delete(child);
      resolve('not started');
    });
    child.on('close', (code, signal) => {
      running.delete(child);
      resolve(signal || code);
    });
  });
  return result;
}

function within(ms, promise, late) {
  let timer;
  const timeout = new Promise((resolve) => { timer = setTimeout(() => resolve(late), ms); });
  return Promise.race([promise, timeout]).finally(() => clearTimeout(timer));
}

// Every server here says "NAME VERSION ready on URL" on stderr, once it listens; one
// that does not says `says` (a RegExp) on stdout or stderr.
async function startServer(command, args, { says, core } = {}) {
  const process_ = launch(command, args, core);
  const ready = new Promise((resolve) => {
    let text = '';
    const streams = [process_.child.stderr, ...(says ? [process_.child.stdout] : [])];
    function look(part) {
      text += part;
      const found = (says || /^(.*) ready on (\S+)\n/m).exec(text); // the whole line, not a part of it
      if (!found) return;
      streams.forEach((stream) => stream.off('data', look));
      resolve(found);
    }
    streams.forEach((stream) => stream.on('data', look));
  });
  const found = await within(READY_MS, Promise.race([ready, process_.ended.then(() => null)]), null);
  if (!found) {
    process_.child.kill('SIGKILL');
    throw new Error(`${command} ${args.join(' ')} did not get ready: ${process_.stderr.trim() || process_.stdout.trim()}`);
  }
  return {
    banner: found[1],
    url: found[2],
    pid: process_.child.pid,
    log: () => process_.stderr.trim(),
    // Why it is not there any more; null while it runs.
    gone() {
      const { exitCode, signalCode } = process_.child;
      return exitCode === null && signalCode === null ? null : `ended with ${signalCode || exitCode}`;
    },
    // Its exit status or signal, and what it wrote on stdout.
    async stop() {
      process_.child.kill('SIGTERM');
      let status = await within(STOP_MS, process_.ended, null);
      if (status === null) {
        process_.child.kill('SIGKILL');
        status = 'did not end on SIGTERM';
      }
      return { status, stdout: process_.stdout };
    },
  };
}

// Runs a program that prints its figures as JSON; { status, stderr, figures }, figures
// null if there are none. `hear` gets what it says on stderr, as it comes.
async function runTool(name, args, core, hear) {
  const process_ = launch(tool(name), args, core);
  if (hear) process_.child.stderr.on('data', hear);
  const status = await within(RUN_MS, process_.ended, null);
  if (status === null) process_.child.kill('SIGKILL');
  let figures = null;
  try {
    figures = JSON.parse(process_.stdout);
  } catch {
    // the status tells
  }
  return { status: status === null ? 'hung' : status, stderr: process_.stderr.trim(), figures };
}

function runLoad(args, core, hear) {
  return runTool('bayeux-load', [...args, '--json'], core, hear);
}

// redis-server and nginx must be told a port. Below those that the kernel gives away by
// itself: no connection that begins meanwhile can take it.
async function freePort() {
  const [end] = fs.readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'latin1').split(/\s/).map(Number);
  for (;;) {
    const port = 1024 + Math.floor(Math.random() * (end - 1024));
    const free = await new Promise((resolve) => {
      const server = net.createServer();
      server.on('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
    });
    if (free) return port;
  }
}

module.exports = {
  cores, freePort, installed, peer, peerModule, runLoad, runTool, startServer, tool,
};
