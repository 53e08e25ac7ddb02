// Looks whether nodes hear each other: a session at each, and a word of each until all have heard all.
import { Session, send } from '../../system/lib/bayeux.mjs';
import { sleep } from '../../system/lib/wait.mjs';

const PAUSE_MS = 50;

let probes = 0;

export class Probe {
  #ears;
  #channel = `/probe/${++probes}`;

  constructor(nodes) { this.#ears = nodes.map((node) => ({ node, session: null, heard: new Set() })); }

  get heard() { return this.#ears.map(({ node, heard }) => `${node.name}: ${[...heard].join(', ') || 'nobody'}`).join('; '); }

  async passes() {
    const names = this.#ears.map(({ node }) => node.name);
    while (!this.#ears.every(({ heard }) => names.every((name) => heard.has(name)))) {
      await Promise.all(this.#ears.map((ear) => this.#listen(ear)));
      await Promise.all(this.#ears.map(({ node }) => send(node.url, [{ channel: this.#channel, data: node.name }]).catch(() => {})));
      await sleep(PAUSE_MS);
    }
    await Promise.all(this.#ears.map(({ session }) => session.ask('/meta/disconnect').catch(() => {})));
  }

  // What goes wrong is tried anew: that is why it is asked.
  async #listen(ear) {
    try {
      if (!ear.session) {
        ear.session = await Session.open(ear.node.url);
        await ear.session.subscribe(this.#channel);
      }
      for (const { data } of (await ear.session.poll()).messages) ear.heard.add(data);
    } catch {
      ear.session = null;
    }
  }
}
