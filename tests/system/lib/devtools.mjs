// One Chromium without a head for all tests of a run, and the DevTools protocol it is driven through: calls, and events
// handed to the page they are about.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import WebSocket from 'ws';
import { atEnd } from './harness.mjs';
import { within } from './wait.mjs';

const PROGRAM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--remote-debugging-port=0',
  // Several tests share it: no page of theirs is less than the one that is seen.
  '--disable-background-timer-throttling', '--disable-backgrounding-occluded-windows', '--disable-renderer-backgrounding'];

class DevTools {
  #socket;
  #calls = new Map();
  #count = 0;
  #listeners = new Map();

  static async attach(url) {
    const devtools = new DevTools();
    devtools.#socket = new WebSocket(url, { perMessageDeflate: false });
    await within(once(devtools.#socket, 'open'), () => 'the debugger');
    devtools.#socket.on('message', (text) => devtools.#take(JSON.parse(text)));
    return devtools;
  }

  #take({ id, result, error, method, params, sessionId }) {
    if (method) this.#listeners.get(sessionId)?.({ method, params });
    const call = this.#calls.get(id);
    this.#calls.delete(id);
    if (error) call?.fail(new Error(error.message));
    else call?.done(result);
  }

  call(method, params = {}, sessionId) {
    const id = ++this.#count;
    this.#socket.send(JSON.stringify({ id, method, params, sessionId }));
    return within(new Promise((done, fail) => this.#calls.set(id, { done, fail })), () => `${method} ${JSON.stringify(params).slice(0, 300)}`);
  }

  // Events of one attached page.
  listen(sessionId, listener) { this.#listeners.set(sessionId, listener); }
}

let running = null;

// The DevTools of the browser, which is started for the first who asks.
export const devtools = () => (running ??= launch());

async function launch() {
  const profile = fs.mkdtempSync(path.join(os.tmpdir(), 'fayed-chromium-'));
  const child = spawn(PROGRAM, [...FLAGS, `--user-data-dir=${profile}`, 'about:blank'], { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = once(child, 'close');
  process.on('exit', () => child.kill('SIGKILL'));
  atEnd(async () => {
    child.kill('SIGTERM');
    await within(ended, () => 'chromium to end').catch(() => child.kill('SIGKILL'));
    fs.rmSync(profile, { recursive: true, force: true, maxRetries: 10 });
  });
  return DevTools.attach(await within(debuggerUrl(child), () => `chromium (${PROGRAM})`, 60000));
}

function debuggerUrl(child) {
  let text = '';
  child.stderr.setEncoding('utf8');
  return new Promise((done, fail) => {
    child.on('error', fail);
    child.on('close', (code) => fail(new Error(`chromium ended with ${code}: ${text}`)));
    child.stderr.on('data', (chunk) => {
      if (text !== null) text += chunk;
      const found = /DevTools listening on (ws:\S+)/.exec(text ?? '');
      if (!found) return;
      text = null; // what it says from now on is of no interest, yet must be read
      done(found[1]);
    });
  });
}
