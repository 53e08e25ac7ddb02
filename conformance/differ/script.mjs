// A random session script: what several clients send to a server, one step after the other.
//
// Steps: { do: "http", method, headers, path or below (the mount), and body, form or query; hold: NAME does not wait for the answer },
// { do: "open" | "close", socket }, { do: "send", socket, text, binary }. ${c1}, ${c2}, ... in texts stand for the
// client ids in the order in which the server handed them out.
import { Messages } from './messages.mjs';
import { Prudence } from './prudence.mjs';
import { Random } from './random.mjs';
import { array, odd, scalar } from './values.mjs';
import { STYLE_NAMES } from './wire.mjs';

const JSON_TYPE = { 'Content-Type': 'application/json' };
const FORM_TYPE = { 'Content-Type': 'application/x-www-form-urlencoded' };
const TYPES = ['text/plain', 'text/json', 'application/json; charset=utf-8', 'application/json;', 'multipart/form-data', '', 'x',
  'application/jsonp', 'application/vnd.api+json', 'Application/JSON', 'application/json ;a=b'];
const CALLBACKS = ['cb', '__jsonp1__', 'a.b.c', '$', '_', 'A1', 'if', '1a', 'a..b', '.a', 'a.', 'a[0]', 'a b', 'a-b', 'é', 'a\n', 'alert(1)', ''];
const JUNK = ['%', 'x=%zz', '%41=1', '=', '', 'message2=[]', 'x', 'messag%65x=1', 'a=b=c', '+=+', 'x=%c3', '&'];
const ODD_METHODS = ['PUT', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD', 'OPTIONS', 'GET', 'TRACE'];
const BELOW = ['/', '/connect', '/a/b/c', '.json', '/./', '/x/../', '/%2e', '//', '?x=1', '?message=[]'];
const FOREIGN = ['/', '/bayeu', '/bayeuxx', '/x/bayeux', '/Bayeux', '/%62ayeux', '/bayeux/..', '/bayeux-'];

const HEARD = ['"/**"', '["/a","/b"]', '["/a/*","/*"]', '["/a/**","/a/b","/b"]', '"/a"', '["/*","/a/b/*"]', '["/**","/b/a","/A"]'];

class Writer {
  constructor(seed) {
    this.random = new Random(seed);
    this.clients = this.random.between(1, 3);
    this.messages = new Messages(this.random, this.clients);
    this.sockets = this.random.chance(0.5) ? this.random.between(1, 2) : 0;
    this.holds = 0;
  }

  #headers() {
    const { random } = this;
    return {
      ...(random.chance(0.15) && { Origin: random.pick(['http://a.example', 'null', 'https://b.example:8443', '']) }),
      ...(random.chance(0.02) && { Referer: 'http://a.example/page' }),
      ...(random.chance(0.01) && { 'Access-Control-Request-Method': random.pick(['POST', 'GET', 'post']) }),
    };
  }

  #path() {
    if (this.random.chance(0.95)) return {};
    return this.random.chance(0.8) ? { below: this.random.pick(BELOW) } : { path: this.random.pick(FOREIGN) };
  }

  // A damaged text is mostly no JSON any more.
  #damage(text) {
    const { random } = this;
    const letters = Array.from(text); // none is cut in half
    const at = random.below(letters.length);
    const put = random.pick(['', '', ',', '"', '}', ']', '{', '[', '\\', '\u0001', ':', ' ', "'", '0', 'NaN', '//', '\ufeff']);
    return [...letters.slice(0, at), put, ...letters.slice(at + random.below(2))].join('');
  }

  #text() {
    const { random } = this;
    let text;
    if (random.chance(0.03)) text = random.pick(['', ' ', 'null', '[]', '[null]', '{}', 'true', '[0,"",false,null]', '[[]]', '[1', scalar(random), odd(random)]);
    else if (random.chance(0.35)) text = this.messages.any();
    else text = array(random, random.times(random.weigh([[6, 1], [6, 2], [3, 3], [1, 8]]), () => this.messages.any()));
    return random.chance(0.03) && text ? this.#damage(text) : text;
  }

  #field(name, value) { return { name, value, style: this.random.pick(STYLE_NAMES) }; }

  #fields(text) {
    const { random } = this;
    const fields = [this.#field('message', text)];
    if (random.chance(0.1)) fields.push(this.#field('message', this.#text()));
    if (random.chance(0.1)) fields.push({ text: random.pick(JUNK) });
    return random.chance(0.3) ? random.shuffle(fields) : fields;
  }

  #post() {
    const step = { do: 'http', ...this.#path(), headers: { ...JSON_TYPE, ...this.#headers() }, body: this.#text() };
    if (this.random.chance(0.005)) step.bytes = this.random.pick(['ff', 'c3', 'eda080', 'f5808080', 'c0af']);
    return step;
  }

  #odd() {
    const { random } = this;
    const step = this.#post();
    if (random.chance(0.5)) step.method = random.pick(ODD_METHODS);
    else step.headers['Content-Type'] = random.pick(TYPES);
    return step;
  }

  #form() {
    const { random } = this;
    const form = this.#fields(this.#text());
    if (random.chance(0.03)) form.push(this.#field('jsonp', random.pick(CALLBACKS)));
    const type = random.chance(0.2) ? { 'Content-Type': random.pick(TYPES) } : FORM_TYPE;
    return { do: 'http', ...this.#path(), headers: { ...type, ...this.#headers() }, form };
  }

  #get() {
    const { random } = this;
    const query = this.#fields(this.#text());
    if (random.chance(0.6)) query.push(this.#field('jsonp', random.weigh([[3, CALLBACKS[0]], [2, random.pick(CALLBACKS)]])));
    for (const field of query) if (field.style === 'raw') field.style = 'plus';
    return { do: 'http', method: 'GET', headers: this.#headers(), query: random.chance(0.03) ? query.slice(1) : query };
  }

  // A poll that waits. What is published behind its connect is how others see that it has been taken.
  #hold() {
    const client = `c${this.random.between(1, this.clients)}`;
    const connect = this.messages.plain('connect', { held: true, clientId: `"\${${client}}"` });
    const name = `h${++this.holds}`;
    return { do: 'http', hold: name, client, headers: JSON_TYPE, body: `[${connect},{"channel":"/sync/${name}","data":0}]` };
  }

  #send() {
    const { random } = this;
    return { do: 'send', socket: `w${random.between(1, this.sockets)}`, text: this.#text(), binary: random.chance(0.05) };
  }

  // Handshakes that succeed, so that there is somebody to play with, and sockets that are bound.
  #opening() {
    const { random } = this;
    const post = (message) => ({ do: 'http', headers: JSON_TYPE, body: `[${message}]` });
    const numbers = random.times(this.clients, (index) => index + 1);
    const bound = random.times(this.sockets, (index) => index + 1);
    return [
      ...numbers.map(() => post('{"channel":"/meta/handshake","version":"1.0","supportedConnectionTypes":["long-polling"]}')),
      ...bound.map((k) => ({ do: 'open', socket: `w${k}`, ...(random.chance(0.1) && { below: random.pick(BELOW.slice(0, 4)) }) })),
      ...bound.filter((k) => k <= this.clients && random.chance(0.8)).map((k) => ({
        do: 'send', socket: `w${k}`, text: this.messages.plain('connect', { clientId: `"\${c${k}}"` }),
      })),
      ...numbers.map((k) => post(this.messages.plain('subscribe', { clientId: `"\${c${k}}"`, subscription: random.pick(HEARD) }))),
    ];
  }

  // `former`: the steps so far.
  #step(former) {
    const { random } = this;
    const again = former.filter((step) => step.do === 'http' && !step.hold);
    return random.weigh([
      [1, () => random.pick(again)],
      [16, () => this.#post()], [3, () => this.#form()], [4, () => this.#get()], [1, () => this.#odd()], [2, () => this.#hold()],
      ...(this.sockets ? [[12, () => this.#send()]] : []),
      ...(this.sockets && random.chance(0.05) ? [[1, () => ({ do: 'close', socket: `w${random.between(1, this.sockets)}` })]] : []),
    ])();
  }

  write() {
    const steps = [];
    const prudence = new Prudence();
    const add = (step) => {
      if (prudence.ended || prudence.objection(step)) return;
      prudence.note(step);
      steps.push(step);
    };
    this.#opening().forEach(add);
    const length = this.random.between(2, 12);
    for (let tries = 0; steps.length < this.clients + this.sockets + length && tries < 100; tries++) add(this.#step(steps));
    return steps;
  }
}

export const writeScript = (seed) => new Writer(seed).write();
