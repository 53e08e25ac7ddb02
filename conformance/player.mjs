// One run of one case: does its steps against a server and gathers a result for each.
import { describe, rawExchange, request } from './exchange.mjs';
import { Stream } from './stream.mjs';

const STEP_MS = 3000;
const CASE_MS = 30000;

const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
const between = (ms, [low, high]) => (ms >= low && ms <= high ? `${low}-${high} ms` : `${ms} ms`);
const freshName = () => `n${Math.random().toString(36).slice(2, 10).padEnd(8, '0')}`;

export class Player {
  #base;
  #vars; // what ${name} stands for in steps, and what is written as ${name} in results
  #ids = 0;
  #sent = '';
  #background = new Map();
  #streams = new Map();
  #open = []; // ends whatever is still open when the case is over

  constructor(base) {
    this.#base = base;
    this.#vars = { ns: freshName(), mount: base.pathname, host: base.host };
  }

  // Results of all steps. Ends early where `hopeless(index, result)` says that later steps would only wait in vain.
  async play(steps, hopeless = () => false) {
    const results = [];
    const work = async () => {
      for (const [index, step] of steps.entries()) {
        const result = this.#tidy(await this.#step(step));
        results.push(result);
        if (hopeless(index, result)) return;
      }
    };
    try {
      const late = sleep(CASE_MS).then(() => { throw new Error('case took too long'); });
      late.catch(() => {});
      await Promise.race([work(), late]);
    } catch (error) {
      results.push({ failed: error.message });
    } finally {
      for (const stop of this.#open) stop();
    }
    return results;
  }

  #step(template) {
    const step = this.#fill(template);
    const does = Object.keys(Player.#verbs).find((verb) => verb in step);
    if (!does) throw new Error(`unknown step: ${Object.keys(step).join(', ')}`);
    return Player.#verbs[does].call(this, step);
  }

  static #verbs = {
    post(step) {
      const headers = { 'Content-Type': 'application/json', ...step.headers };
      return this.#later(step, () => this.#http({ ...step, headers, body: this.#json(step.post) }));
    },
    get(step) {
      const path = `${step.path ?? this.#vars.mount}?${this.#fields(step.get)}`;
      return this.#later(step, () => this.#http({ ...step, method: 'GET', path }));
    },
    form(step) {
      const headers = { 'Content-Type': 'application/x-www-form-urlencoded', ...step.headers };
      return this.#later(step, () => this.#http({ ...step, headers, body: this.#fields(step.form) }));
    },
    http(step) {
      const { repeat, hide, timed } = step;
      const body = repeat && repeat.before + repeat.text.repeat(repeat.times) + repeat.after;
      return this.#later(step, () => this.#http({ body, ...step.http, hide, timed }));
    },
    await(step) {
      return Promise.race([this.#background.get(step.await).result, sleep(step.within ?? STEP_MS).then(() => 'pending')]);
    },
    abort(step) { this.#background.get(step.abort).cancel(); },
    async raw(step) {
      this.#sent += step.raw;
      const answer = await rawExchange(this.#base, Buffer.from(step.raw, 'latin1'), step.idle ?? 600, (stop) => this.#open.push(stop));
      this.#learn(answer.body);
      return answer;
    },
    open(step) {
      const stream = this.#stream(step.open);
      return stream.openSocket(`ws://${this.#base.host}${step.path ?? this.#vars.mount}`, step);
    },
    events(step) { return this.#stream(step.events).openEvents(this.#base, step.path, step.headers); },
    send(step) {
      const { socket } = this.#streams.get(step.send);
      this.#sent += step.text ?? step.binary ?? '';
      socket.send('binary' in step ? Buffer.from(step.binary) : step.text ?? this.#json(step.json));
    },
    recv(step) { return this.#streams.get(step.recv).receive({ within: STEP_MS, ...step }); },
    async quiet(step) {
      const stream = this.#streams.get(step.quiet);
      await stream.until(() => stream.frames.length > 0, step.ms ?? 300);
      return stream.frames.splice(0).flat();
    },
    async pinged(step) {
      const stream = this.#streams.get(step.pinged);
      return (await stream.until(() => stream.pings > 0, step.within ?? STEP_MS)) ? 'pinged' : 'no ping';
    },
    close(step) {
      const stream = this.#streams.get(step.close);
      if (stream.socket && !step.abruptly) stream.socket.close(step.code ?? 1000);
      else stream.end();
    },
    async closed(step) {
      const stream = this.#streams.get(step.closed);
      await stream.until(() => stream.closed, step.within ?? STEP_MS);
      return stream.closed ?? 'still open';
    },
    async pause(step) { await sleep(step.pause); },
  };

  async #http({ method = 'POST', path = this.#vars.mount, headers = {}, body, encoding = 'utf8', hide, timed }) {
    this.#sent += path + (body ?? '');
    const bytes = body === undefined ? undefined : Buffer.from(body, encoding);
    const answer = await request(this.#base, { method, path, headers, body: bytes }, (stop) => this.#open.push(stop));
    if (answer.error) return answer;
    if (hide !== 'body') this.#learn(answer.text);
    const result = describe(answer);
    for (const name of ['etag', 'last-modified']) {
      if (!result.headers[name]) continue;
      this.#vars[name.replace('-', '')] = result.headers[name];
      result.headers[name] = 'present';
    }
    if (hide === 'body') {
      for (const key of ['json', 'jsonp', 'rawLineSeparators']) delete result[key];
      result.body = answer.text.length > 1000 ? 'large' : answer.text.length ? 'small' : 'empty';
    }
    if (timed) result.timed = between(answer.ms, timed);
    return result;
  }

  // `bg: name` starts a request without waiting; `await: name` collects it.
  async #later(step, start) {
    if (!step.bg) return Promise.race([start(), sleep(step.within ?? STEP_MS).then(() => 'pending')]);
    const before = this.#open.length;
    const result = start();
    this.#background.set(step.bg, { result, cancel: this.#open[before] });
    await sleep(step.lead ?? 60);
    return undefined;
  }

  #stream(name) {
    const stream = new Stream((text) => this.#learn(text));
    this.#streams.set(name, stream);
    this.#open.push(() => stream.end?.());
    return stream;
  }

  #json(value) {
    const text = JSON.stringify(value);
    this.#sent += text;
    return text;
  }

  #fields(fields) {
    return new URLSearchParams(Object.entries(fields).map(([key, value]) => [key, typeof value === 'string' ? value : this.#json(value)])).toString();
  }

  #fill(value) {
    const inString = (text) => JSON.stringify(text).slice(1, -1); // an entity tag has quotes
    return JSON.parse(JSON.stringify(value).replace(/\$\{(\w+)\}/g, (all, name) => inString(this.#vars[name] ?? all)));
  }

  // Every clientId the server invents becomes c1, c2, ... in order of appearance.
  #learn(text) {
    for (const [, id] of text.matchAll(/"clientId":\s*"([^"]{8,})"/g)) {
      if (this.#sent.includes(id) || Object.values(this.#vars).includes(id)) continue;
      this.#vars[`c${++this.#ids}`] = id;
    }
    return text;
  }

  #tidy(result) {
    if (result === undefined) return null;
    let text = JSON.stringify(result);
    for (const [name, value] of Object.entries(this.#vars)) {
      if (name !== 'mount') text = text.replaceAll(value, `\${${name}}`);
    }
    return JSON.parse(text);
  }
}
