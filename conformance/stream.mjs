// A named stream of frames a case listens to: a WebSocket or an EventSource.
import http from 'node:http';
import WebSocket from 'ws';
import { chosenHeaders, parse } from './exchange.mjs';

const OPEN_MS = 3000;

export class Stream {
  frames = [];
  closed = null; // how, once it is: { code }, { end: true } or { error: true }
  pings = 0;
  #wake = () => {};

  // Text that came in, as the case wants to see it; the player learns client ids from it on the way.
  constructor(learn) { this.learn = learn; }

  add(frame) { this.frames.push(frame); this.#wake(); }
  ping() { this.pings++; this.#wake(); }
  ended(how) { this.closed ??= how; this.#wake(); }

  async until(ready, ms) {
    const deadline = Date.now() + ms;
    while (!ready() && Date.now() < deadline) {
      let timer;
      await new Promise((wake) => { this.#wake = wake; timer = setTimeout(wake, deadline - Date.now()); });
      clearTimeout(timer);
    }
    return ready();
  }

  // `frames` counts frames; otherwise `count` messages, whatever frames they come in.
  async receive({ frames, count = 1, within }) {
    const want = frames ?? count;
    const have = () => (frames ? this.frames : this.frames.flat());
    await this.until(() => have().length >= want || this.closed, within);
    const got = frames ? this.frames.splice(0, want) : this.frames.splice(0).flat();
    return got.length >= want ? got : { short: got, closed: this.closed };
  }

  openSocket(url, { protocols = [], headers, deflate = false }) {
    const socket = new WebSocket(url, protocols, { headers, perMessageDeflate: deflate, handshakeTimeout: OPEN_MS });
    this.socket = socket;
    this.end = () => socket.terminate();
    return new Promise((done) => {
      socket.on('open', () => done({ open: true, protocol: socket.protocol, extensions: socket.extensions }));
      socket.on('unexpected-response', (_, response) => { done({ status: response.statusCode }); socket.terminate(); });
      socket.on('error', (error) => done({ error: error.code ?? 'failed' }));
      socket.on('ping', () => this.ping());
      socket.on('close', (code) => this.ended({ code }));
      socket.on('message', (data, binary) => {
        const text = this.learn(data.toString());
        this.add(binary ? { binary: text } : parse(text) ?? { text });
      });
    });
  }

  openEvents(base, path, headers) {
    return new Promise((done) => {
      const request = http.get({
        host: base.hostname, port: base.port || 80, path, agent: false,
        headers: { Accept: 'text/event-stream', ...headers },
      });
      this.end = () => request.destroy();
      request.on('error', (error) => { done({ error: error.code ?? 'error' }); this.ended({ error: true }); });
      request.on('response', (response) => {
        const opened = (retry) => done({ status: response.statusCode, headers: chosenHeaders(response.headers), body: '', retry });
        if (response.statusCode !== 200) opened();
        this.#readEvents(response, opened);
      });
    });
  }

  #readEvents(response, opened) {
    let buffer = '';
    response.setEncoding('utf8');
    response.on('data', (chunk) => {
      buffer += chunk;
      const blocks = buffer.split(/\r?\n\r?\n/);
      buffer = blocks.pop();
      for (const block of blocks) this.#readEvent(block.split(/\r?\n/), opened);
    });
    response.on('end', () => this.ended({ end: true }));
    response.on('error', () => this.ended({ error: true }));
  }

  #readEvent(lines, opened) {
    const data = lines.filter((line) => line.startsWith('data:')).map((line) => line.slice(5).replace(/^ /, '')).join('\n');
    const retry = lines.find((line) => line.startsWith('retry:'));
    if (lines.some((line) => line.startsWith(':'))) this.ping();
    if (retry) opened(Number(retry.slice(6)));
    if (data) this.add(parse(this.learn(data)) ?? { text: data });
  }
}
