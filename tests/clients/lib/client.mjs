// A client of any kind in a process of its own, as the tests see it.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Inbox, within } from '../../system/lib/wait.mjs';

// However this process ends, what it started ends with it.
const living = new Set();
process.on('exit', () => { for (const child of living) child.kill('SIGKILL'); });

export class Client {
  out = new Inbox(); // what it sent on /meta channels
  in = new Inbox(); // what it was sent: whole on /meta channels, else { channel }
  #kind;
  #child;
  #ended;
  #stderr = '';
  #asked = new Map();
  #heard = new Map();
  #count = 0;

  // Resolves once it waits for messages by the transport of its kind. `more` are further arguments of `open`.
  static async start(t, kind, url, more) {
    const client = new Client();
    client.#kind = kind;
    client.#run();
    t.defer(() => client.#end());
    const { transport, extension, version } = kind;
    assert.equal(await client.do('open', { url, transport, extension, ...more }), version);
    await client.waits();
    return client;
  }

  get name() { return this.#kind.name; }

  // The latest clientId it was given.
  get clientId() { return this.in.items.findLast(({ channel, successful }) => channel === '/meta/handshake' && successful).clientId; }

  // Resolves when it has sent, after its first `since` messages, a connect that names the transport of its kind.
  waits(since = 0) {
    const { transport } = this.#kind;
    return this.out.until((sent) =>
      sent.slice(since).some(({ channel, connectionType }) => channel === '/meta/connect' && connectionType === transport));
  }

  // Resolves to the result when the driver has done it.
  do(name, given) {
    const n = ++this.#count;
    const done = new Promise((ok, fail) => this.#asked.set(n, { ok, fail }));
    this.#child.stdin.write(`${JSON.stringify({ ...given, n, do: name })}\n`);
    return within(done, () => `${this.name} to ${name} ${JSON.stringify(given)}`);
  }

  // Resolves, once subscribed, to the inbox of the data that the subscription gets.
  async listen(channel) {
    const heard = new Inbox();
    this.#heard.set(channel, heard);
    await this.do('subscribe', { channel });
    return heard;
  }

  // Resolves when the server has said that it is done: not every library tells.
  async unsubscribe(channel) {
    await this.do('unsubscribe', { channel });
    await this.in.until((got) => got.some((reply) => reply.channel === '/meta/unsubscribe' && reply.successful && reply.subscription === channel));
  }

  publish(channel, data) { return this.do('publish', { channel, data }); }

  // The numbers from 0 on, one after the other.
  publishAll(channel, count) { return this.do('publishAll', { channel, count }); }

  async disconnect() {
    await this.do('disconnect');
    await this.in.until((got) => got.some(({ channel, successful }) => channel === '/meta/disconnect' && successful));
  }

  // The channels of all messages it was sent, also of those that no subscription of its own wanted.
  get sentChannels() { return this.in.items.map(({ channel }) => channel).filter((channel) => !channel.startsWith('/meta/')); }

  #run() {
    const [program, ...args] = this.#kind.command;
    this.#child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    living.add(this.#child);
    this.#ended = once(this.#child, 'close').then(([code, signal]) => this.#onEnd(code ?? signal), (error) => this.#onEnd(error.message));
    this.#child.stdin.on('error', () => {}); // its end is heard of anyway
    this.#child.stderr.setEncoding('utf8').on('data', (text) => { this.#stderr += text; });
    let rest = '';
    this.#child.stdout.setEncoding('utf8').on('data', (text) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop();
      for (const line of lines) this.#onTold(JSON.parse(line));
    });
  }

  #onTold({ n, ok, error, heard, data, out, in: got }) {
    if (heard !== undefined) this.#heard.get(heard).add(data);
    else if (out) this.out.add(out);
    else if (got) this.in.add(got);
    else if (error === undefined) this.#asked.get(n).ok(ok);
    else this.#asked.get(n).fail(new Error(`${this.name}: ${error}`));
  }

  #onEnd(how) {
    living.delete(this.#child);
    for (const { fail } of this.#asked.values()) fail(new Error(`${this.name} ended with ${how}: ${this.#stderr.slice(-2000)}`));
    return how;
  }

  // It must still be there, and end well.
  async #end() {
    this.#child.stdin.end();
    const how = await within(this.#ended, () => `${this.name} to end`).catch((late) => { this.#child.kill('SIGKILL'); throw late; });
    assert.equal(how, 0, `${this.name} ended with ${how}: ${this.#stderr.slice(-2000)}`);
  }
}
