// Random messages, as JSON texts: mostly what a client would send, the rest bent in one or two places.
import { array, channelToHear, channelToPublish, data, name, object, odd } from './values.mjs';

const quote = (text) => `"${text}"`;
const TYPES = ['long-polling', 'cross-origin-long-polling', 'callback-polling', 'websocket', 'eventsource', 'in-process'];
const EXTRAS = ['ext', 'advice', 'unknown', 'successful', 'subscription', 'timestamp', 'version', 'connectionType', 'clientId',
  'data', 'minimumVersion', 'channel', 'id', 'error', 'supportedConnectionTypes', '', 'x', 'toString', 'hasOwnProperty'];

export class Messages {
  #count = 0;

  // `clients`: how many ${c1}, ${c2}, ... there may be.
  constructor(random, clients) { Object.assign(this, { random, clients }); }

  #freshId() {
    const id = `${++this.#count}`;
    return this.random.chance(0.9) ? quote(id) : id;
  }

  #id() { return this.random.chance(0.93) ? this.#freshId() : odd(this.random); }

  clientId() {
    return this.random.chance(0.95) ? quote(`\${c${this.random.between(1, this.clients)}}`)
      : this.random.chance(0.5) ? quote(this.random.pick(['x', 'abcdefghijklmnopqrstuvwxyz01234', '', '${c1}x'])) : odd(this.random);
  }

  #types() {
    const { random } = this;
    if (random.chance(0.7)) return array(random, random.times(random.between(1, 3), () => quote(random.pick(TYPES))));
    if (random.chance(0.5)) return array(random, random.times(random.below(4), () => (random.chance(0.5) ? odd(random) : quote(random.pick(TYPES)))));
    return random.chance(0.5) ? quote(random.pick(TYPES)) : odd(random);
  }

  handshake() {
    const version = this.random.chance(0.9) ? quote('1.0') : odd(this.random);
    return [['channel', quote('/meta/handshake')], ['version', version], ['supportedConnectionTypes', this.#types()], ['id', this.#id()]];
  }

  // Without `held` it is answered at once, or nearly.
  connect({ held = false, clientId = this.clientId() } = {}) {
    const { random } = this;
    const soon = random.weigh([[12, '0'], [2, '5'], [1, '"0"'], [1, '-5'], [1, 'null'], [1, '"10"'], [1, '20.5'], [1, 'true'], [1, '"x"'], [1, '{}'], [1, '[]']]);
    const advice = random.chance(0.9) ? `{"timeout":${soon}}` : object(random, random.shuffle([['timeout', soon], ['interval', odd(random)]]));
    const type = random.chance(0.9) ? quote(random.pick(['long-polling', 'websocket'])) : random.chance(0.7) ? quote(random.pick(TYPES)) : odd(random);
    return [['channel', quote('/meta/connect')], ['clientId', clientId], ['connectionType', held ? quote('long-polling') : type], ['id', this.#id()],
      ...(held ? [] : [['advice', advice]])];
  }

  #subscription() {
    const { random } = this;
    const one = () => quote(channelToHear(random));
    return random.weigh([
      [10, one()], [8, array(random, random.times(random.between(1, 4), one))], [1, '[]'], [1, odd(random)],
      [1, array(random, random.times(random.between(1, 3), () => (random.chance(0.5) ? one() : odd(random))))], [1, `[[${one()}]]`],
    ]);
  }

  #subscribing(channel, { clientId = this.clientId(), subscription = this.#subscription() } = {}) {
    return [['channel', quote(channel)], ['clientId', clientId], ['subscription', subscription], ['id', this.#id()]];
  }

  subscribe(wanted) { return this.#subscribing('/meta/subscribe', wanted); }
  unsubscribe() { return this.#subscribing('/meta/unsubscribe'); }
  disconnect() { return [['channel', quote('/meta/disconnect')], ['clientId', this.clientId()], ['id', this.#id()]]; }

  publish() {
    const { random } = this;
    return [['channel', quote(channelToPublish(random))], ['data', data(random)], ...(random.chance(0.7) ? [['id', this.#id()]] : []),
      ...(random.chance(0.5) ? [['clientId', this.clientId()]] : []),
      ...(random.chance(0.2) ? [[random.pick(['ext', 'advice', 'successful', 'subscription', 'unknown', '__proto__']), odd(random)]] : [])];
  }

  #bend(members) {
    const { random } = this;
    const at = random.below(members.length);
    const changes = {
      drop: () => members.splice(at, 1),
      replace: () => { members[at] = [members[at][0], odd(random)]; },
      repeat: () => members.push([random.pick(members)[0], odd(random)]),
      again: () => members.splice(random.below(members.length + 1), 0, [...members[at]]),
      add: () => members.push([random.pick(EXTRAS), odd(random)]),
      refuse: () => members.push(['error', odd(random)]),
      move: () => members.push(...members.splice(at, 1)),
    };
    changes[random.weigh([[3, 'drop'], [4, 'replace'], [1, 'repeat'], [2, 'again'], [4, 'add'], [1, 'refuse'], [2, 'move']])]();
  }

  write(members) {
    const { random } = this;
    const bent = [...members];
    for (let p = 0.3; random.chance(p) && bent.length; p = 0.4) this.#bend(bent);
    return object(random, bent.map(([key, value]) => [name(random, key), value]));
  }

  // A message as a client would write it.
  plain(kind, wanted) { return `{${this[kind](wanted).map(([key, value]) => `"${key}":${value}`).join(',')}}`; }

  // Anything that may stand in a batch.
  any() {
    const { random } = this;
    if (random.chance(0.04)) return random.pick(['null', 'false', '0', '""', '"x"', '1', 'true', '[]', '{}', '[{}]', '[[]]', '["/a"]', '-0', '1.5']);
    const kind = random.weigh([[10, 'publish'], [5, 'subscribe'], [2, 'unsubscribe'], [4, 'connect'], [1, 'handshake'], [1, 'disconnect']]);
    return this.write(this[kind]());
  }
}
