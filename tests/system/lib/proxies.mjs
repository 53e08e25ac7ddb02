// The real HAProxy and nginx with the configurations of contrib/, in front of any number of nodes. Nothing in these is changed
// but where things are: addresses, ports, paths; how many clients there is room for; and what only root may do.
import dgram from 'node:dgram';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { steadyPort } from './port.mjs';
import { Inbox, sleep, within } from './wait.mjs';

const contrib = new URL('../../../contrib/', import.meta.url);
const SIZE = 1000; // clients

export const config = {
  haproxy: new URL('haproxy/haproxy.cfg', contrib).pathname,
  nginx: new URL('nginx/fayed.conf', contrib).pathname,
};

// Debian's daemons are not on everybody's path.
export const withDaemons = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };

const living = new Set();
process.on('exit', () => { for (const child of living) child.kill('SIGTERM'); }); // nginx takes its workers along

// Each change is a pattern and what stands in its place, and must find something.
function adapt(file, changes) {
  return changes.reduce((text, [pattern, by]) => {
    const adapted = text.replace(pattern, by);
    if (adapted === text) throw new Error(`nothing in ${file} is ${pattern}`);
    return adapted;
  }, fs.readFileSync(file, 'utf8'));
}

// The certificate is in the commented lines, which come to life with it.
// So is a node's own port for metrics, its first one's.
const metricsOf = ({ nodes: [node], metricsPort }) => metricsPort ? [
  [/(a port for each:\n)#\n((?:# .*\n)+)/, (_, before, lines) => before + lines.replace(/^# /gm, '')],
  [/10\.0\.0\.1:9101/, `127.0.0.1:${metricsPort}`],
  [/10\.0\.0\.0\/24/, '127.0.0.0/8'],
  [/(server node1|http:\/\/)( ?)127\.0\.0\.1:8001/, `$1$2127.0.0.1:${node.port}`],
] : [];

const adaptations = {
  haproxy: ({ port, nodes, folder, logPort, tls, metricsPort }) => [
    [/ \/dev\/log /g, ` 127.0.0.1:${logPort} `],
    [/ \/run\/haproxy\/admin\.sock mode/, ` ${folder}/admin.sock mode`],
    [/^\t(chroot|user|group) .*\n/gm, ''],
    [/maxconn 20000$/gm, `maxconn ${SIZE}`],
    [/bind :80$/m, tls ? '' : `bind 127.0.0.1:${port}`],
    ...tls ? [[/# (bind) :443 (ssl crt) \S+/, `$1 127.0.0.1:${port} $2 ${tls.both}`], [/# (http-request redirect)/, '$1']] : [],
    [/^\tserver node1 127\.0\.0\.1:8001\n\tserver node2 127\.0\.0\.1:8002\n/m,
      nodes.map((node, index) => `\tserver node${index + 1} 127.0.0.1:${node.port}\n`).join('')],
    ...metricsOf({ nodes, metricsPort }),
  ],
  nginx: ({ port, nodes, tls, metricsPort }) => [
    [/max_conns=20000/g, `max_conns=${SIZE}`],
    [/listen 80;/, tls ? '' : `listen 127.0.0.1:${port};`],
    ...tls ? [[/# (listen) 443/, `$1 127.0.0.1:${port}`], [/# (ssl_certificate) .*/, `$1 ${tls.certificate};`], [/# (ssl_certificate_key) .*/, `$1 ${tls.key};`]] : [],
    [/^\tserver 127\.0\.0\.1:8001 (.*)\n\tserver 127\.0\.0\.1:8002 .*\n/m,
      (_, how) => nodes.map((node) => `\tserver 127.0.0.1:${node.port} ${how}\n`).join('')],
    ...metricsOf({ nodes, metricsPort }),
  ],
};

// The rest of an nginx.conf. Two workers, since what they know together is part of the configuration.
const aroundNginx = (folder) => `
${process.getuid() === 0 ? 'user root;' : ''}
daemon off;
worker_processes 2;
pid ${folder}/pid;
error_log stderr info;
events { worker_connections ${2 * SIZE}; }
http {
  access_log off;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((what) => `${what}_temp_path ${folder}/${what};`).join('\n  ')}
  include ${folder}/fayed.conf;
}
`;

const commands = {
  haproxy: (folder) => ['haproxy', '-db', '-f', `${folder}/haproxy.cfg`],
  nginx: (folder) => ['nginx', '-p', folder, '-c', `${folder}/nginx.conf`],
};

export class Balancer {
  log = new Inbox(); // its lines, each an event
  #child;
  #ended;

  // In front of `nodes`, each with its `port`. With `tls` { certificate, key, both } it speaks that alone; with `metrics` the
  // first node's have a port, `metricsPort`.
  static async start(t, kind, nodes, { tls, metrics = false } = {}) {
    const balancer = new Balancer();
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), `fayed-${kind}-`));
    t.defer(() => fs.rmSync(folder, { recursive: true }));
    const port = await steadyPort();
    const logPort = kind === 'haproxy' ? await balancer.#hearSyslog(t) : 0;
    balancer.metricsPort = metrics && await steadyPort();
    const text = adapt(config[kind], adaptations[kind]({ port, nodes, folder, logPort, tls, metricsPort: balancer.metricsPort }));
    fs.writeFileSync(path.join(folder, path.basename(config[kind])), text);
    if (kind === 'nginx') fs.writeFileSync(path.join(folder, 'nginx.conf'), aroundNginx(folder));

    balancer.port = port;
    balancer.url = `${tls ? 'https' : 'http'}://127.0.0.1:${port}/bayeux`;
    t.defer(() => balancer.#stop());
    await balancer.#run(commands[kind](folder));
    return balancer;
  }

  get pid() { return this.#child.pid; }

  // Resolves when a line of its log matches, from line `from` on; to the line's number.
  async says(pattern, from = 0) {
    const find = (lines) => lines.findIndex((line, index) => index >= from && pattern.test(line));
    return find(await this.log.until((lines) => find(lines) >= 0));
  }

  async #hearSyslog(t) {
    const socket = dgram.createSocket('udp4');
    t.defer(() => socket.close());
    socket.on('message', (bytes) => this.log.add(bytes.toString().trim()));
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return socket.address().port;
  }

  async #run([program, ...args]) {
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], env: withDaemons });
    this.#child = child;
    living.add(child);
    child.stderr.setEncoding('utf8');
    child.stderr.on('data', (text) => this.log.add(...text.trimEnd().split('\n')));
    this.#ended = new Promise((done) => {
      child.on('error', (error) => done(`${program} cannot be started: ${error.message}`));
      child.on('close', (code, signal) => done(`${program} ended with ${code ?? signal}: ${this.log.items.slice(-20).join('\n')}`));
    }).finally(() => living.delete(child));
    let gone;
    this.#ended.then((why) => { gone = why; });
    await within((async () => {
      while (!gone && !await accepts(this.port)) await sleep(10);
    })(), () => `${program} to listen`);
    if (gone) throw new Error(gone);
  }

  async #stop() {
    if (!living.has(this.#child)) throw new Error(await this.#ended);
    this.#child.kill('SIGTERM');
    await within(this.#ended, () => 'the proxy to end');
  }
}

const accepts = (port) => new Promise((done) => {
  const socket = net.connect(port, '127.0.0.1');
  socket.on('connect', () => { socket.destroy(); done(true); });
  socket.on('error', () => done(false));
});
