// GET /metrics, read as strictly as Prometheus's text format 0.0.4 has it, and what docs/metrics.md says of it.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { sleep, within } from './wait.mjs';

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*/;
const LABEL = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|})/;
const VALUE = /^ ([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[+-]Inf|NaN)(?: -?\d+)?$/;
const HELP = /^# HELP (\S+) ((?:[^\\]|\\[\\n])+)$/;
const TYPE = /^# TYPE (\S+) (counter|gauge|histogram|summary|untyped)$/;

// A sample's line: { name, labels, value }.
function readSample(line) {
  const name = NAME.exec(line)?.[0];
  assert.ok(name, `no sample: ${line}`);
  const labels = {};
  let rest = line.slice(name.length);
  for (let more = rest.startsWith('{'); more;) {
    const [all, label, text, end] = LABEL.exec(rest.slice(1)) ?? assert.fail(`labels: ${line}`);
    assert.ok(!(label in labels), line);
    labels[label] = text;
    rest = rest.slice(all.length);
    more = end === ',';
    if (!more) rest = rest.slice(1);
  }
  const [, value] = VALUE.exec(rest) ?? assert.fail(`value: ${line}`);
  return { name, labels, value: Number(value.replace('Inf', 'Infinity')) };
}

const keyOf = (labels) => JSON.stringify(Object.entries(labels).sort());

// What a scrape said: families by name, each { type, help, samples }.
export class Metrics {
  families = new Map();

  constructor(text) {
    assert.ok(text.endsWith('\n'), 'the last line does not end');
    let family = null;
    for (const line of text.slice(0, -1).split('\n')) {
      const [, helped, help] = HELP.exec(line) ?? [], [, typed, type] = TYPE.exec(line) ?? [];
      if (helped) {
        assert.equal(NAME.exec(helped)?.[0], helped);
        assert.ok(!this.families.has(helped), `twice: ${line}`);
        family = { name: helped, help, type: null, samples: new Map() };
        this.families.set(helped, family);
      } else if (typed) {
        assert.equal(typed, family?.name, line);
        assert.equal(family.type, null, line);
        assert.equal(typed.endsWith('_total'), type === 'counter', line);
        family.type = type;
      } else {
        assert.ok(!line.startsWith('#'), `neither HELP nor TYPE: ${line}`);
        this.#add(family, readSample(line));
      }
    }
    for (const { name, type } of this.families.values()) assert.ok(type, `no type: ${name}`);
  }

  #add(family, { name, labels, value }) {
    assert.ok(family?.type, `no HELP and TYPE before ${name}`);
    assert.equal(name, family.name, 'a family is not in one piece');
    assert.ok(!family.samples.has(keyOf(labels)), `twice: ${name} ${keyOf(labels)}`);
    if (family.type === 'counter') assert.ok(value >= 0, name);
    family.samples.set(keyOf(labels), { labels, value });
  }

  // The value of a sample; undefined where there is none.
  get(name, labels = {}) {
    const family = this.families.get(name);
    assert.ok(family, `no ${name}`);
    return family.samples.get(keyOf(labels))?.value;
  }

  // How much more it is than in `earlier`.
  since(earlier, name, labels) { return this.get(name, labels) - earlier.get(name, labels); }

  // "name{label} type" of all families that have samples.
  get signatures() {
    return [...this.families.values()].filter(({ samples }) => samples.size).map(({ name, type, samples }) => {
      const labels = new Set([...samples.values()].map((sample) => Object.keys(sample.labels).join(',')));
      assert.equal(labels.size, 1, `${name} has samples with different labels`);
      const [some] = labels;
      return `${name}${some && `{${some}}`} ${type}`;
    });
  }
}

// The same, as docs/metrics.md has them: { alone, redis }.
export function documented() {
  const text = fs.readFileSync(new URL('../../../docs/metrics.md', import.meta.url), 'utf8');
  const rows = (part) => [...part.matchAll(/^\| `([a-z_]+(?:\{[a-z,]+\})?)` \| (counter|gauge) \|/gm)].map(([, name, type]) => `${name} ${type}`);
  const [alone, redis] = text.split(/^## Redis$/m);
  return { alone: rows(alone), redis: rows(redis) };
}

// Asks one server again and again; no counter may fall, and no sample of one may go.
export class Scraper {
  last = null;

  constructor({ port }) { this.url = `http://127.0.0.1:${port}/metrics`; }

  async scrape() {
    const response = await fetch(this.url);
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
    const now = new Metrics(await response.text());
    this.#compare(now);
    this.last = now;
    return now;
  }

  // The first scrape that `is` says yes to.
  async until(is, what) {
    const asked = async () => {
      while (!is(await this.scrape())) await sleep(20);
      return this.last;
    };
    return within(asked(), () => what);
  }

  #compare(now) {
    for (const { name, type, samples } of this.last?.families.values() ?? []) {
      if (type !== 'counter') continue;
      for (const { labels, value } of samples.values()) {
        assert.ok(now.get(name, labels) >= value, `${name} ${keyOf(labels)} fell from ${value} to ${now.get(name, labels)}`);
      }
    }
  }
}
