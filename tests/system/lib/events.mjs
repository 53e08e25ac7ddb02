// A stream of server-sent events by hand: its head, and what came, read as HTML 9.2.6 says.
import { Inbox } from './wait.mjs';
import { Tcp, request } from './tcp.mjs';

export const opening = (port, clientId, lines = []) => request([
  `GET /bayeux/${clientId} HTTP/1.1`, `Host: 127.0.0.1:${port}`, 'Accept: text/event-stream', ...lines,
]);

export class Events {
  #text = '';
  #messages = new Inbox();
  comments = new Inbox();
  retry = null;

  // On `tcp`, a kept-alive connection, or on one of its own. Resolves when the head is there; `status` tells what it said.
  static async open(t, port, clientId, { tcp, lines } = {}) {
    const events = new Events();
    events.tcp = tcp ?? await Tcp.open(t, port);
    const from = events.tcp.bytes.length;
    events.tcp.write(opening(port, clientId, lines));
    await events.tcp.until(new RegExp(`^[^]{${from}}HTTP/1.1 \\d{3} [^]*?\\r\\n\\r\\n`));
    const text = events.tcp.bytes.subarray(from).toString();
    const end = text.indexOf('\r\n\r\n') + 4;
    events.head = text.slice(0, end);
    events.status = Number(text.slice(9, 12));
    if (events.status === 200) {
      events.#read(text.slice(end));
      events.tcp.socket.on('data', (chunk) => events.#read(chunk.toString())); // tests split no characters
    }
    return events;
  }

  get closed() { return this.tcp.closed; }
  get messages() { return this.#messages.items; }
  get data() { return this.messages.map(({ data }) => data); }

  // Resolves to the data of the messages once there are `count`.
  async has(count, ms) {
    await this.#messages.has(count, ms);
    return this.data;
  }

  // Resolves to all data so far when `last` is the data of the latest message.
  async hears(last) {
    await this.#messages.until((messages) => messages.at(-1)?.data === last);
    return this.data;
  }

  cut() { this.tcp.socket.destroy(); }

  #read(text) {
    this.#text += text;
    for (let end; (end = this.#text.indexOf('\r\n\r\n')) >= 0; this.#text = this.#text.slice(end + 4)) this.#event(this.#text.slice(0, end));
  }

  #event(text) {
    for (const line of text.split(/\r\n|\r|\n/)) {
      const [, field, value] = /^([^:]*):? ?(.*)$/.exec(line);
      if (field === '') this.comments.add(value);
      else if (field === 'retry') this.retry = Number(value);
      else if (field === 'data') this.#messages.add(...JSON.parse(value));
      else throw new Error(`a line that is not Faye's: ${line}`);
    }
  }
}
