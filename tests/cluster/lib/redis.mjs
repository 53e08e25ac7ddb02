// A real redis-server of a test's own, in a folder and on a port of its own, and everything that can happen to it.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import RedisClient from 'ioredis';
import { steadyPort } from '../../system/lib/port.mjs';
import { whileFrozen } from '../../system/lib/proc.mjs';
import { within } from '../../system/lib/wait.mjs';
import { Log } from './log.mjs';

const READY = /Ready to accept connections|Sentinel ID is/;
const NOTHING_IS_KEPT = ['--save', '', '--appendonly', 'no'];

// However this process ends, what it started ends with it.
const living = new Set();
process.on('exit', () => { for (const child of living) child.kill('SIGKILL'); });

export class Redis {
  log = null; // what the present process says
  #folder;
  #args;
  #child = null;
  #ended;
  #client = null;

  // `args` go to redis-server as they are. With `sentinel`, lines of a configuration, it is a sentinel.
  static async start(t, { args = [], sentinel } = {}) {
    const redis = new Redis();
    redis.#folder = fs.mkdtempSync(path.join(os.tmpdir(), 'fayed-redis-'));
    redis.#args = [...(sentinel ? redis.#sentinel(sentinel) : NOTHING_IS_KEPT), ...args];
    redis.port = await steadyPort();
    t.defer(async () => {
      await redis.kill();
      fs.rmSync(redis.#folder, { recursive: true });
    });
    await redis.start();
    return redis;
  }

  get url() { return `redis://127.0.0.1:${this.port}/0`; }
  get pid() { return this.#child?.pid; }
  get folder() { return this.#folder; }

  // A sentinel writes what it learns into its configuration.
  #sentinel(lines) {
    const file = path.join(this.#folder, 'sentinel.conf');
    fs.writeFileSync(file, lines.map((line) => `${line}\n`).join(''));
    return ['--sentinel'];
  }

  // Again on the same port, with nothing in it.
  async start() {
    const args = ['--port', this.port, '--bind', '127.0.0.1', '--dir', this.#folder, ...this.#args];
    const file = path.join(this.#folder, 'sentinel.conf');
    if (fs.existsSync(file)) args.unshift(file);
    this.#child = spawn('redis-server', args.map(String), { stdio: ['ignore', 'pipe', 'inherit'] });
    living.add(this.#child);
    this.log = new Log(this.#child.stdout, 'redis-server');
    this.#ended = new Promise((done) => {
      for (const event of ['close', 'error']) this.#child.on(event, done);
    }).then(() => living.delete(this.#child));
    const gone = this.#ended.then(() => { throw new Error(`redis-server has ended: ${this.log.text}`); });
    gone.catch(() => {});
    await Promise.race([this.log.says(READY), gone]);
  }

  signal(name) { this.#child.kill(name); }

  kill() { return this.#end('SIGKILL'); }
  stop() { return this.#end('SIGTERM'); }

  async #end(signal) {
    this.#client?.disconnect();
    this.#client = null;
    this.signal('SIGCONT'); // one that stands still takes no other signal
    this.signal(signal);
    await within(this.#ended, () => 'redis-server to end');
  }

  // Stands still, with all its connections open, while `body` runs.
  whileStopped(body) { return whileFrozen(this, body); }

  // Resolves to the reply of a command: redis.do('HGETALL', key).
  async do(command, ...args) {
    this.#client ??= this.connect();
    return within(this.#client.call(command, ...args), () => `Redis to answer ${command} ${args.join(' ').slice(0, 200)}`);
  }

  // A connection of its own, which ends with the server and does not come back by itself.
  connect(options) {
    const client = new RedisClient({ host: '127.0.0.1', port: this.port, retryStrategy: null, maxRetriesPerRequest: 0, ...options });
    client.on('error', () => {}); // whoever asked is told
    client.on('end', () => { if (this.#client === client) this.#client = null; });
    return client;
  }

  async keys(pattern = '*') {
    const found = new Set();
    let cursor = '0';
    do {
      const [next, some] = await this.do('SCAN', cursor, 'MATCH', pattern, 'COUNT', '1000');
      for (const key of some) found.add(key);
      cursor = next;
    } while (cursor !== '0');
    return [...found].sort();
  }

  // A field of INFO as a number.
  async info(field) {
    const text = await this.do('INFO');
    return Number(new RegExp(`^${field}:(.*?)\r?$`, 'm').exec(text)[1]);
  }

  flush() { return this.do('FLUSHALL'); }

  // No client's command is carried out for so long; pushes go on. Whoever asks now waits, we too.
  pause(ms) { return this.do('CLIENT', 'PAUSE', String(ms), 'ALL'); }

  // Resolves to how many subscriber connections were closed.
  killSubscribers() { return this.do('CLIENT', 'KILL', 'TYPE', 'pubsub'); }

  async subscriberCount() {
    return (await this.do('CLIENT', 'LIST', 'TYPE', 'pubsub')).split('\n').filter(Boolean).length;
  }
}
