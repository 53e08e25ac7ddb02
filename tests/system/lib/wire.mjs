// A WebSocket down to its bytes: what is written goes out as it is, what comes is named in the notation.
import { takeFrame, frameName } from './notation.mjs';
import { Tcp, upgrade } from './tcp.mjs';
import { Inbox } from './wait.mjs';

export class Wire {
  heard = new Inbox(); // frames by name
  over = false;        // the server has shut its side
  #rest = Buffer.alloc(0);
  #isOpen = false;

  // `options` are for net.connect.
  static async open(t, port, options) {
    const wire = new Wire();
    wire.tcp = await Tcp.open(t, port, options);
    wire.tcp.socket.on('data', (chunk) => wire.#take(chunk));
    for (const event of ['end', 'close']) wire.tcp.socket.on(event, () => wire.#end());
    wire.tcp.write(upgrade(port));
    await wire.tcp.until(/\r\n\r\n/);
    if (!wire.#isOpen) throw new Error(`no WebSocket: ${wire.tcp.text}`);
    return wire;
  }

  #end() {
    this.over = true;
    this.heard.add(); // who waits looks again
  }

  #take(chunk) {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    if (!this.#isOpen && !this.#passHead()) return;
    try {
      for (let frame; (frame = takeFrame(this.#rest)); this.#rest = frame.rest) this.heard.add(frameName(frame));
    } catch (error) {
      this.heard.add(error.message);
      this.tcp.socket.destroy();
    }
  }

  #passHead() {
    const end = this.#rest.indexOf('\r\n\r\n');
    if (end < 0) return false;
    this.#isOpen = /^HTTP\/1\.1 101 /.test(this.#rest.toString('latin1'));
    this.#rest = this.#rest.subarray(end + 4);
    return this.#isOpen;
  }

  write(bytes) { return this.tcp.write(bytes); }

  // Resolves to all frames so far when there are `count`, or no more can come.
  hears(count) { return this.heard.until((frames) => frames.length >= count || this.over); }

  // Resolves to all frames when the server has shut its side.
  hearsAll() { return this.heard.until(() => this.over); }
}

// Tells when the server has had a turn: what was written before beat() has been read when it resolves. Beats that
// are asked for while one is under way share the next.
export class Pulse {
  #count = 0;
  #beating = null;
  #next = null;

  static async start(t, port) {
    const pulse = new Pulse();
    pulse.wire = await Wire.open(t, port);
    return pulse;
  }

  beat() {
    this.#next ??= (this.#beating ?? Promise.resolve()).then(() => {
      this.#beating = this.#beat();
      this.#next = null;
      return this.#beating;
    });
    return this.#next;
  }

  async #beat() {
    this.wire.write(Buffer.from([0x89, 0x80, 0, 0, 0, 0])); // a ping
    await this.wire.hears(++this.#count);
    if (this.wire.over) throw new Error('the server has closed the socket that only pings');
  }
}
