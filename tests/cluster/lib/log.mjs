// What a program says, as it says it.
import { Inbox } from '../../system/lib/wait.mjs';

export class Log {
  #pieces = new Inbox();

  constructor(stream, name) {
    this.name = name;
    stream.setEncoding('utf8').on('data', (piece) => this.#pieces.add(piece));
  }

  get text() { return this.#pieces.items.join(''); }

  // Resolves when `pattern` is in what was said after the first `since` characters.
  async says(pattern, since = 0, ms) {
    await this.#pieces.until(() => pattern.test(this.text.slice(since)), ms);
  }
}
