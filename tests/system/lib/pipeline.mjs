// A kept-alive connection on which requests follow one another without waiting for answers.
import { inOneChunk, isChunked } from './chunks.mjs';
import { Tcp, request } from './tcp.mjs';
import { Inbox } from './wait.mjs';

// A whole request with `batch`, or with text as it is.
export function posting(port, batch) {
  const body = Buffer.from(typeof batch === 'string' ? batch : JSON.stringify(batch));
  const head = ['POST /bayeux HTTP/1.1', `Host: 127.0.0.1:${port}`, 'Content-Type: application/json'];
  if (isChunked()) return Buffer.concat([request([...head, 'Transfer-Encoding: chunked']), inOneChunk(body)]);
  return Buffer.concat([request([...head, `Content-Length: ${body.length}`]), body]);
}

export class Pipeline {
  #port;
  #rest = Buffer.alloc(0);
  #answers = new Inbox();

  static async open(t, port) {
    const pipeline = new Pipeline();
    pipeline.#port = port;
    pipeline.tcp = await Tcp.open(t, port);
    pipeline.tcp.socket.on('data', (chunk) => pipeline.#read(chunk));
    return pipeline;
  }

  // One request for each batch, all in one piece. Resolves when the kernel has them.
  send(...batches) { return this.tcp.write(Buffer.concat(batches.map((batch) => posting(this.#port, batch)))); }

  // The next `count` answers, parsed. Rejects when the connection ends before that.
  async answers(count) {
    const there = this.#answers.has(count);
    await Promise.race([there, this.tcp.closed]);
    if (this.#answers.items.length < count) throw new Error(`closed; so far: ${this.tcp.text.slice(-300)}`);
    return this.#answers.items.splice(0, count).map((text) => JSON.parse(text));
  }

  async ask(...batches) {
    this.send(...batches);
    return this.answers(batches.length);
  }

  #read(chunk) {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    for (;;) {
      const end = this.#rest.indexOf('\r\n\r\n') + 4;
      const length = end > 3 && Number(/^content-length: *(\d+)/im.exec(this.#rest.subarray(0, end).toString('latin1'))?.[1]);
      if (end < 4 || !(this.#rest.length >= end + length)) return; // or it is a stream: no length, no end
      this.#answers.add(this.#rest.subarray(end, end + length).toString());
      this.#rest = this.#rest.subarray(end + length);
    }
  }
}
