// A server under test as a child process: fayed, or anything that is started the same way
// (`--listen HOST:PORT --timeout S --ping S`) and says on stderr `... ready on URL`.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const READY_MS = 30000;
const STOP_MS = 5000;
const SANITIZER = /ERROR: \w+Sanitizer|WARNING: ThreadSanitizer|: runtime error: /;

// However this process ends, what it started ends with it.
const living = new Set();
process.on('exit', () => { for (const child of living) child.kill('SIGKILL'); });
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));

// The real Faye in the same clothes. It is looked for from the working folder `cwd`.
export const realFaye = () => [process.execPath, fileURLToPath(new URL('start-faye.mjs', import.meta.url))];

export class Server {
  stderr = '';
  gone = null; // { code, signal } once it has ended
  #child;
  #ended;

  // `command` is program and leading arguments. Resolves when it is ready, rejects when it ends before.
  static async start(command, args = [], { cwd } = {}) {
    const server = new Server();
    const [program, ...first] = command;
    server.#child = spawn(program, [...first, ...args], { cwd, stdio: ['ignore', 'ignore', 'pipe'] });
    living.add(server.#child);
    server.#child.stderr.setEncoding('utf8');
    await server.#ready(program);
    return server;
  }

  #ready(program) {
    return new Promise((done, fail) => {
      const late = setTimeout(() => {
        this.kill();
        fail(new Error(`${program} not ready after ${READY_MS} ms: ${this.stderr}`));
      }, READY_MS);
      this.#child.stderr.on('data', (text) => {
        this.stderr += text;
        const ready = / ready on (http:\/\/\S+)/.exec(this.stderr);
        if (!ready || this.url) return;
        clearTimeout(late);
        this.url = ready[1];
        done();
      });
      this.#child.on('error', (error) => { clearTimeout(late); fail(error); });
      this.#ended = new Promise((end) => {
        this.#child.on('close', (code, signal) => {
          this.gone = { code, signal };
          living.delete(this.#child);
          clearTimeout(late);
          fail(new Error(`${program} ended with ${code ?? signal}: ${this.stderr}`));
          end(this.gone);
        });
      });
    });
  }

  get pid() { return this.#child.pid; }
  get port() { return Number(new URL(this.url).port); }
  get ended() { return this.#ended; }

  signal(name) { this.#child.kill(name); }

  // Ends it the hard way, as a power cut would.
  kill() {
    this.#child.kill('SIGKILL');
    return this.#ended;
  }

  // Ends it politely. Resolves to a list of complaints, empty when all was well: it must still be there,
  // obey within five seconds with status 0, and have said nothing a sanitizer says.
  async stop(signal = 'SIGTERM') {
    const complaints = [];
    if (this.gone) complaints.push(`server had ended by itself with ${this.gone.code ?? this.gone.signal}`);
    else {
      let late = false;
      const timer = setTimeout(() => { late = true; this.kill(); }, STOP_MS);
      this.signal(signal);
      const { code, signal: by } = await this.#ended;
      clearTimeout(timer);
      if (late) complaints.push(`server did not end within ${STOP_MS} ms of ${signal}`);
      else if (code !== 0) complaints.push(`server ended with ${code ?? by} on ${signal}`);
    }
    if (SANITIZER.test(this.stderr)) complaints.push('a sanitizer complained');
    if (complaints.length) complaints.push(`its stderr: ${this.stderr.slice(-4000)}`);
    return complaints;
  }
}
