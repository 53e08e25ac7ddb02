// Starting servers and the load tool, and stopping them by process id.
'use strict';

const { spawn } = require('child_process');
const fs = require('fs');
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

function launch(command, args) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
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
// that does not says `says` (a RegExp) on stdout.
async function startServer(command, args, says) {
  const process_ = launch(command, args);
  const ready = new Promise((resolve) => {
    let text = '';
    const stream = says ? process_.child.stdout : process_.child.stderr;
    stream.on('data', function look(part) {
      text += part;
      const found = (says || /^(.*) ready on (\S+)$/m).exec(text);
      if (!found) return;
      stream.off('data', look);
      resolve(found);
    });
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
// null if there are none.
async function runTool(name, args) {
  const process_ = launch(tool(name), args);
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

function runLoad(args) {
  return runTool('bayeux-load', [...args, '--json']);
}

module.exports = { peer, peerModule, runLoad, runTool, startServer, tool };
