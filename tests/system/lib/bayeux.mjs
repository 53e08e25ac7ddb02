// Bayeux by hand over HTTP, with an eye on the bytes. Each exchange has a connection of its own unless an agent is given.
import assert from 'node:assert/strict';
import http from 'node:http';
import { isChunked } from './chunks.mjs';
import { within } from './wait.mjs';

// A POST under way. `answer` resolves to { status, headers, text, bytes, json } or rejects when the connection ends.
export function post(url, body, { headers, agent = false } = {}) {
  const bytes = Buffer.from(typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body));
  const length = isChunked() ? { 'Transfer-Encoding': 'chunked' } : { 'Content-Length': bytes.length };
  const allHeaders = { 'Content-Type': 'application/json', ...length, ...headers };
  const request = http.request(url, { method: 'POST', agent, headers: allHeaders });
  const answer = new Promise((done, fail) => {
    request.on('error', fail);
    request.on('response', (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('error', fail);
      response.on('end', () => done(readAnswer(response, Buffer.concat(chunks))));
    });
  });
  request.end(bytes);
  return { answer: within(answer, () => `an answer to ${bytes.subarray(0, 200)}`), hangUp: () => request.destroy() };
}

function readAnswer(response, bytes) {
  const answer = { status: response.statusCode, headers: response.headers, bytes, text: bytes.toString() };
  try { answer.json = JSON.parse(answer.text); } catch { /* not every answer is JSON */ }
  return answer;
}

export const exchange = async (url, body, options) => (await post(url, body, options).answer);

export const send = async (url, messages) => {
  const { status, json, text } = await exchange(url, messages);
  assert.equal(status, 200, text);
  return json;
};

export const handshake = () =>
  ({ channel: '/meta/handshake', version: '1.0', supportedConnectionTypes: ['long-polling', 'websocket'], id: 'h' });

let names = 0;
export const freshChannel = (name = 'c') => `/${name}/n${++names}`;

// One clientId over HTTP.
export class Session {
  #ids = 0;

  constructor(url, clientId) {
    this.url = url;
    this.clientId = clientId;
  }

  static async open(url) {
    const [reply] = await send(url, [handshake()]);
    assert.equal(reply.successful, true);
    return new Session(url, reply.clientId);
  }

  message(channel, fields = {}) {
    return { channel, clientId: this.clientId, id: `r${++this.#ids}`, ...fields };
  }

  connectMessage(fields) { return this.message('/meta/connect', { connectionType: 'long-polling', ...fields }); }

  // Sends one message and returns the reply to it; the request must not bring others.
  async ask(channel, fields) {
    const replies = await send(this.url, [this.message(channel, fields)]);
    assert.equal(replies.length, 1, JSON.stringify(replies));
    return replies[0];
  }

  async subscribe(...channels) {
    const reply = await this.ask('/meta/subscribe', { subscription: channels.length > 1 ? channels : channels[0] });
    assert.equal(reply.successful, true, JSON.stringify(reply));
    return reply;
  }

  async publish(channel, data, fields) {
    const reply = await this.ask(channel, { data, ...fields });
    assert.equal(reply.successful, true, JSON.stringify(reply));
    return reply;
  }

  // A connect under way.
  connect(fields, options) { return post(this.url, [this.connectMessage(fields)], options); }

  // A connect that is known to be held: a publish behind it in the same batch has reached somebody else.
  async hold(fields) {
    const other = await Session.open(this.url), marker = freshChannel('marker');
    await other.subscribe(marker);
    const held = post(this.url, [this.connectMessage(fields), { channel: marker, data: 'held' }]);
    const { json } = await other.connect().answer;
    assert.equal(json[1].data, 'held');
    const isMarker = ({ channel }) => channel === marker;
    return { ...held, replies: () => held.answer.then(({ json }) => json.filter((reply) => !isMarker(reply))) };
  }

  // A connect that is answered at once: its reply and the messages that waited.
  async poll(fields) {
    const [reply, ...messages] = await send(this.url, [this.connectMessage({ advice: { timeout: 0 }, ...fields })]);
    assert.equal(reply.successful, true, JSON.stringify(reply));
    return { reply, messages };
  }
}
