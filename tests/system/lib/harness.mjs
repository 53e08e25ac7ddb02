// Tests register themselves here; main.mjs plays them. A test gets its own servers and whatever it defers is
// undone in reverse order, so several tests can run side by side.
import { fileURLToPath } from 'node:url';
import { Server } from '../../../conformance/server.mjs';

const home = fileURLToPath(new URL('..', import.meta.url));
const registered = [];

// `faye: true` marks what the real Faye does as well. `alone`: not beside others, for it weighs on the machine.
export function test(name, options, body) {
  if (!body) [options, body] = [{}, options];
  registered.push({ name, faye: false, alone: false, ms: 90000, ...options, body });
}

export const tests = () => registered;

// What tests share goes when all of them are over.
const shared = [];
export const atEnd = (undo) => shared.push(undo);
export async function endShared() {
  for (const undo of shared.reverse()) await undo();
}

export class Context {
  #command;
  #undo = [];
  #complaints = [];

  constructor(command) { this.#command = command; }

  get command() { return this.#command; }

  defer(undo) { this.#undo.push(undo); }

  // A server of this test's own, on a free port and with short timeouts unless `options` say otherwise. It must
  // still be there at the end and then stop in good order; a test that ends it itself takes it off by `forget`.
  // `files`: it has so many descriptors at most.
  async server({ files, ...options } = {}) {
    const { listen = '127.0.0.1:0', timeout = '5', ping = '2', ...others } = options;
    const command = files ? ['sh', '-c', 'ulimit -n "$0" && exec "$@"', String(files), ...this.#command] : this.#command;
    const args = Object.entries({ listen, timeout, ping, ...others })
      .flatMap(([name, values]) => [values].flat().flatMap((value) => [`--${name}`, String(value)]));
    const server = await Server.start(command, args, { cwd: home });
    this.defer(async () => { if (!server.forgotten) this.#complaints.push(...await server.stop()); });
    return server;
  }

  forget(server) { server.forgotten = true; }

  async finish() {
    for (const undo of this.#undo.reverse()) {
      try { await undo(); } catch (error) { this.#complaints.push(`clean-up: ${error.stack}`); }
    }
    if (this.#complaints.length) throw new Error(this.#complaints.join('\n'));
  }
}
