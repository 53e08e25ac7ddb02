// A WebSocket by hand: frames as they came, and the messages in them.
import WebSocket from 'ws';
import { Inbox, within } from './wait.mjs';

export class Socket {
  frames = new Inbox();   // as text
  messages = new Inbox(); // parsed
  #ids = 0;

  static async open(t, url, options = {}) {
    const socket = new Socket();
    socket.ws = new WebSocket(url.replace(/^http/, 'ws'), [], { perMessageDeflate: false, ...options });
    t.defer(() => socket.ws.terminate());
    socket.closed = new Promise((done) => socket.ws.on('close', (code, reason) => done({ code, reason: reason.toString() })));
    socket.ws.on('message', (data) => socket.#take(data.toString()));
    await within(new Promise((done, fail) => { socket.ws.on('open', done); socket.ws.on('error', fail); }), () => 'a socket to open');
    return socket;
  }

  #take(text) {
    this.frames.add(text);
    this.messages.add(...[].concat(JSON.parse(text)));
  }

  send(text) { this.ws.send(typeof text === 'string' ? text : JSON.stringify(text)); }

  // Sends one message and resolves to its reply.
  async ask(message) {
    const id = message.id ?? `s${++this.#ids}`;
    const before = this.messages.items.length;
    this.send([{ ...message, id }]);
    const isReply = (item) => item.id === id && item.successful !== undefined;
    return (await this.messages.until((items) => items.slice(before).some(isReply))).slice(before).find(isReply);
  }

  // Binds `session` to this socket. Without a hold the reply comes at once.
  connect(session, fields) {
    return this.ask(session.connectMessage({ connectionType: 'websocket', advice: { timeout: 0 }, ...fields }));
  }

  // Delivered messages so far: those that are no replies.
  get deliveries() { return this.messages.items.filter((message) => message.successful === undefined); }

  delivered(count, ms) {
    return this.messages.until(() => this.deliveries.length >= count, ms).then(() => this.deliveries);
  }
}
