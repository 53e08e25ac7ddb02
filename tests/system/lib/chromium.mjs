// Chromium without a head, driven through its DevTools protocol: as much of it as these tests need.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import WebSocket from 'ws';
import { Inbox, within } from './wait.mjs';

const PROGRAM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--remote-debugging-port=0'];

export class Chromium {
  #socket;
  #calls = new Map();
  #count = 0;
  #events = new Inbox();

  static async start(t) {
    const profile = fs.mkdtempSync(path.join(os.tmpdir(), 'fayed-chromium-'));
    t.defer(() => fs.rmSync(profile, { recursive: true, force: true, maxRetries: 10 }));
    const child = spawn(PROGRAM, [...FLAGS, `--user-data-dir=${profile}`, 'about:blank'], { stdio: ['ignore', 'ignore', 'pipe'] });
    const ended = once(child, 'close');
    t.defer(async () => { child.kill('SIGTERM'); await within(ended, () => 'chromium to end').catch(() => child.kill('SIGKILL')); });
    const browser = new Chromium();
    await browser.#attach(await within(debuggerUrl(child), () => `chromium (${PROGRAM})`, 60000));
    return browser;
  }

  async #attach(url) {
    this.#socket = new WebSocket(url, { perMessageDeflate: false });
    await within(once(this.#socket, 'open'), () => 'the debugger');
    this.#socket.on('message', (text) => {
      const { id, result, error, method, sessionId } = JSON.parse(text);
      if (method) this.#events.add({ method, sessionId });
      const call = this.#calls.get(id);
      this.#calls.delete(id);
      if (error) call?.fail(new Error(error.message));
      else call?.done(result);
    });
  }

  #call(method, params, sessionId) {
    const id = ++this.#count;
    this.#socket.send(JSON.stringify({ id, method, params, sessionId }));
    return within(new Promise((done, fail) => this.#calls.set(id, { done, fail })), () => method);
  }

  // Opens a page and resolves, once it is loaded, to a function that runs in it: it is sent as text, its arguments and
  // result as JSON, and a promise is awaited.
  async open(url) {
    const { targetId } = await this.#call('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = await this.#call('Target.attachToTarget', { targetId, flatten: true });
    await this.#call('Page.enable', {}, sessionId);
    await this.#call('Page.navigate', { url }, sessionId);
    await this.#events.until((events) => events.some((event) => event.method === 'Page.loadEventFired' && event.sessionId === sessionId));
    const evaluate = async (expression) => {
      const { result, exceptionDetails } = await this.#call('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true }, sessionId);
      if (exceptionDetails) throw new Error(`in the page: ${exceptionDetails.exception?.description ?? exceptionDetails.text}`);
      return result.value;
    };
    return (body, ...args) => evaluate(`(${body})(...${JSON.stringify(args)})`);
  }
}

function debuggerUrl(child) {
  let text = '';
  child.stderr.setEncoding('utf8');
  return new Promise((done, fail) => {
    child.on('error', fail);
    child.on('close', (code) => fail(new Error(`chromium ended with ${code}: ${text}`)));
    child.stderr.on('data', (chunk) => {
      text += chunk;
      const found = /DevTools listening on (ws:\S+)/.exec(text);
      if (found) done(found[1]);
    });
  });
}
