// Several fayed on one Redis. Each is stopped, paused and killed by its own process id.
import http from 'node:http';
import { randomBytes } from 'node:crypto';
import { steadyPort } from '../../system/lib/port.mjs';
import { whileFrozen } from '../../system/lib/proc.mjs';
import { sleep, within } from '../../system/lib/wait.mjs';
import { Cable } from './cable.mjs';
import { Probe } from './probe.mjs';

const HEAL_MS = 60000;

const freshPrefix = () => `fayed-${randomBytes(4).toString('hex')}`;

class Node {
  server = null;
  #t;
  #options;

  constructor(t, name, options, cable) {
    this.#t = t;
    this.name = name;
    this.#options = options;
    this.cable = cable; // to its Redis, when the cluster was asked for cables
  }

  get url() { return this.server.url; }
  get port() { return this.server.port; }
  get pid() { return this.server.pid; }
  get log() { return this.server.stderr; }
  get alive() { return !this.server.gone; }

  async start() {
    this.server = await this.#t.server(this.#options);
    await this.ready();
  }

  // Resolves when it says of itself that it can serve.
  ready() {
    if (!this.#options.redis) return undefined;
    const asked = async () => { while (await health(this) !== 200) await sleep(20); };
    return within(asked(), () => `${this.name} to be ready; it says: ${this.log.slice(-2000)}`);
  }

  async kill() {
    this.#t.forget(this.server);
    await this.server.kill();
  }

  // In good order; what is wrong with that is thrown.
  async stop() {
    this.#t.forget(this.server);
    const complaints = await this.server.stop();
    if (complaints.length) throw new Error(`${this.name}: ${complaints.join('\n')}`);
  }

  // On the same port, as a new process.
  restart() { return this.start(); }

  // Stands still while `body` runs.
  whilePaused(body) { return whileFrozen(this.server, body); }
}

// The status of GET /health; 0 when there is no answer.
export const health = ({ port }) => new Promise((done) => {
  const request = http.get({ port, host: '127.0.0.1', path: '/health', agent: false }, (response) => {
    response.resume();
    done(response.statusCode);
  });
  request.on('error', () => done(0));
});

export class Cluster {
  nodes = [];

  // `redis` may be left out: then the nodes know nothing of each other. `cables: true` puts a wire that can break
  // between each node and Redis. All other options are fayed's.
  static async start(t, { count = 3, redis, url, prefix = freshPrefix(), cables = false, ...options } = {}) {
    const cluster = new Cluster();
    cluster.redis = redis;
    cluster.prefix = prefix;
    for (let number = 1; number <= count; number++) {
      const cable = cables ? await Cable.start(t, redis.port) : null;
      const uplink = cable ? `redis://127.0.0.1:${cable.port}/0` : url ?? redis?.url;
      const listen = `127.0.0.1:${await steadyPort()}`;
      const shared = uplink ? { redis: uplink, 'redis-prefix': prefix } : {};
      cluster.nodes.push(new Node(t, `node ${number}`, { listen, ...shared, ...options }, cable));
    }
    await Promise.all(cluster.nodes.map((node) => node.start()));
    return cluster;
  }

  // A key, or a pub/sub channel, as Redis has it.
  key(name) { return `{${this.prefix}}:${name}`; }

  get urls() { return this.nodes.map(({ url }) => url); }
  get living() { return this.nodes.filter(({ alive }) => alive); }

  random() { return this.nodes[Math.floor(Math.random() * this.nodes.length)]; }

  // Resolves when what is published at each node is heard at each other.
  async heals() {
    const probe = new Probe(this.living);
    await within(probe.passes(), () => `the nodes to hear each other; heard so far: ${probe.heard}\n${this.logs}`, HEAL_MS);
  }

  // The logs' ends, for who looks at a failure.
  get logs() { return this.nodes.map((node) => `${node.name}: ${node.log.slice(-1500)}`).join('\n'); }
}
