// What is known beforehand of a script: which steps must not be played, since real Faye would hang or crash or the
// two servers may well differ for good, and what to expect of the others. It reads a script as Faye would.
import { diff } from '../compare.mjs';
import { build, fieldsOf, isJson, isNearlyJson, messagesOf } from './wire.mjs';

const TYPES = ['long-polling', 'cross-origin-long-polling', 'callback-polling', 'websocket', 'eventsource', 'in-process'];
const NAME = /^(\/[\w\-!~()$@]+)+$/;
const PATTERN = /^(\/[\w\-!~()$@]+)*\/\*{1,2}$/;
const CALLBACK = /^[a-z_$][\w$]*(\.[a-z_$][\w$]*)*$/i;
const CLIENT = /^\$\{c\d+\}$/;
const LONGEST_WAIT_MS = 60;
const MOST_HEAD_BYTES = 3000; // of a GET: beyond, the limit on heads may speak

const throws = (work) => { try { work(); return false; } catch { return true; } };
const text = (value) => String(value);
const isChannel = (value) => NAME.test(value) || PATTERN.test(value);

// Where Faye's handling of a message ends in an exception: it makes a text of something that has none, or takes
// an array with a good name in it for that name.
function upsets(message) {
  if (message === null || typeof message !== 'object') return false;
  const { channel, clientId, subscription, connectionType, supportedConnectionTypes: types, advice } = message;
  const noChannel = (value) => throws(() => text(value)) || (typeof value !== 'string' && isChannel(value));
  if (noChannel(channel)) return true;
  switch (channel) {
    case '/meta/handshake':
      return Boolean(types) && (throws(() => text(types)) || (typeof types === 'object' && 'filter' in types && !Array.isArray(types)));
    case '/meta/connect':
      return throws(() => text(clientId)) || throws(() => text(connectionType)) || throws(() => Number(advice?.timeout))
        || (connectionType === 'eventsource' && Boolean(advice) && typeof advice !== 'object');
    case '/meta/disconnect':
      return throws(() => text(clientId));
    case '/meta/subscribe':
    case '/meta/unsubscribe':
      return throws(() => text(clientId)) || [].concat(subscription ?? []).some(noChannel);
    default:
      return false;
  }
}

const isClient = (value) => typeof value === 'string' && CLIENT.test(value);
const isConnect = (message) => message?.channel === '/meta/connect';
// Would be held, if the client is alive.
const isGoodConnect = (message) => isConnect(message) && isClient(message.clientId) && TYPES.includes(message.connectionType) && !message.error;

function waitsLong({ connectionType, advice }) {
  if (connectionType === 'eventsource') return false;
  const timeout = (advice || {}).timeout;
  return timeout === undefined || Number(timeout) > LONGEST_WAIT_MS;
}

// What a step brings to the server.
export function read(step) {
  if (step.do === 'send') {
    const messages = messagesOf(step.text);
    const isNull = (message) => message === null;
    // Over a socket, Faye looks into each message for its channel before anything else.
    return { messages: messages ?? [], valid: messages !== null, upset: messages?.some((m) => isNull(m) || upsets(m)) ?? false };
  }
  if (step.do !== 'http') return { messages: [], valid: false, upset: false };
  const fields = fieldsOf(step);
  const messages = messagesOf(fields.get('message') ?? '');
  const valid = messages !== null && CALLBACK.test(fields.get('jsonp') || 'x');
  return { messages: messages ?? [], valid, upset: messages?.some(upsets) ?? false };
}

export class Prudence {
  ended = null; // why nothing after the last step can be compared
  loose = null; // why deliveries can be compared only as a whole
  #bound = new Map(); // client to socket, as Faye has it
  #holders = new Set(); // clients that had a poll held
  #left = new Set(); // clients that disconnected, or tried to
  #done = new Map(); // what would be a retry in fayed's eyes, and the message
  #retried = []; // and came again

  // Why the step must not be played, if so.
  objection(step) {
    const { messages } = read(step);
    if (step.method === 'GET' && build(step, '/bayeux').path.length > MOST_HEAD_BYTES) return 'the head may be too large';
    const connects = messages.filter(isGoodConnect);
    const clients = connects.map(({ clientId }) => clientId);
    if (new Set(clients).size < clients.length) return 'Faye never answers the first of two connects';
    if (clients.some((client) => this.#holders.has(client))) return 'Faye never answers a poll that another took over';
    if (!step.hold && connects.some(waitsLong)) return 'it takes too long';
    const leaves = (client) => messages.some((m) => m?.channel === '/meta/disconnect' && m.clientId === client);
    if (step.do === 'send' && clients.some(leaves)) return 'a socket that closes takes the answer along';
    if (messages.some((m) => m?.channel === '/meta/handshake' && m.supportedConnectionTypes?.length !== undefined
      && typeof m.supportedConnectionTypes === 'object' && !Array.isArray(m.supportedConnectionTypes))) {
      return 'Faye takes an object with a length for an array';
    }
    if (messages.some((m) => this.#repeats(m))) return 'fayed does not do again what it did';
    return null;
  }

  // fayed knows a request of a client by its id and what it asks for, a connect by its id.
  #retryKey(message) {
    if (!message || typeof message !== 'object' || !isClient(message.clientId) || !message.id) return null;
    const { channel, clientId, id, data, subscription } = message;
    return JSON.stringify([clientId, id, channel, ...(isConnect(message) ? [] : [data, subscription])]);
  }

  // Would be done again by Faye, and not by fayed. Publishing the very same is harmless: see #noteRetries.
  #repeats(message) {
    const before = this.#done.get(this.#retryKey(message));
    return before !== undefined && (JSON.stringify(message) !== before || String(message.channel).startsWith('/meta/'));
  }

  #noteRetries(messages) {
    for (const message of messages) {
      const key = this.#retryKey(message);
      if (key === null) continue;
      if (this.#done.has(key)) {
        this.loose ??= 'fayed does not publish again what the same client published by the same id';
        this.#retried.push(message);
      }
      this.#done.set(key, JSON.stringify(message));
    }
  }

  note(step) {
    const { messages, upset } = read(step);
    this.#noteRetries(messages);
    for (const message of messages) {
      if (message?.channel === '/meta/disconnect') this.#left.add(message.clientId);
    }
    if (step.hold) this.#holders.add(`\${${step.client}}`);
    if (step.do === 'close') this.#noteClose(step.socket);
    if (step.do === 'send') this.#noteBinding(step.socket, messages);
    if (step.do === 'http') this.#notePolls(messages);
    if (step.do === 'http' && !isJson(step) && isNearlyJson(step)) this.ended ??= 'fayed takes a media type in any case';
    if (step.bytes) this.ended ??= 'fayed refuses what is no UTF-8';
    if (upset) this.ended ??= 'Faye stops at a message that upsets it';
  }

  #noteClose(socket) {
    if ([...this.#bound.values()].includes(socket)) this.loose ??= 'a closed socket gives back what it did not prove';
  }

  // Faye binds the socket to whatever the first connect of a frame names.
  #noteBinding(socket, messages) {
    const [first, ...more] = messages.filter(isConnect);
    if (!first) return;
    if (!isGoodConnect(first)) this.loose ??= 'Faye binds a socket before it checks the connect';
    if (more.length) this.loose ??= 'Faye binds a socket to the first connect of a frame only';
    const former = this.#bound.get(first.clientId);
    if (former && former !== socket) this.loose ??= 'what was not proved on the former socket comes again on the next';
    if ([...this.#bound].some(([client, other]) => other === socket && client !== first.clientId)) {
      this.loose ??= 'a socket passes from one client to another';
    }
    this.#bound.set(first.clientId, socket);
  }

  #notePolls(messages) {
    for (const message of messages.filter(isConnect)) {
      if (this.#bound.has(message.clientId)) this.loose ??= 'a poll takes its client from the socket';
      if (isGoodConnect(message) && message.connectionType === 'eventsource') this.loose ??= 'messages for an event source wait for its stream';
    }
  }

  // Who subscribed between the two gets it from Faye alone.
  isRetried({ id, channel }) { return this.#retried.some((other) => other.channel === channel && diff(other.id, id).length === 0); }
  get anyLeft() { return this.#left.size > 0; }
  hasLeft(client) { return this.#left.has(`\${${client}}`); }
  isBound(client) { return this.#bound.has(client); }
}
