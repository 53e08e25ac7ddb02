// One redis-server for all tests: in a folder of its own, on a socket there, and gone at the end. Its ACL is
// contrib/redis/fayed.acl.example as it stands.
import { createClient } from '@redis/client';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { atEnd } from '../../system/lib/harness.mjs';
import { within } from '../../system/lib/wait.mjs';

export const acl = fileURLToPath(new URL('../../../contrib/redis/fayed.acl.example', import.meta.url));

let starting;

async function start() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'fayed-scripts-'));
  const socket = path.join(folder, 'socket');
  atEnd(() => fs.rmSync(folder, { recursive: true }));
  fs.writeFileSync(path.join(folder, 'conf'), `include ${acl}\n`);

  const server = spawn('redis-server', ['conf', '--port', '0', '--unixsocket', socket, '--dir', folder, '--save', '',
    '--appendonly', 'no'], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  const ready = new Promise((done, fail) => {
    server.on('error', fail);
    server.on('exit', (status) => fail(new Error(`redis-server ended with ${status}: ${said}`)));
    for (const stream of [server.stdout, server.stderr]) {
      stream.on('data', (data) => {
        said += data;
        if (said.includes('eady to accept connections')) done();
      });
    }
  });
  atEnd(async () => {
    if (server.exitCode !== null) return;
    server.kill('SIGTERM');
    await once(server, 'exit');
  });
  await within(ready, () => 'redis-server');
  return socket;
}

// Connects to the server, as the one who may do everything unless `who` ({ username, password }) says otherwise.
export async function connect(t, who = {}) {
  starting ??= start();
  const client = createClient({ ...who, socket: { path: await starting, reconnectStrategy: false }, disableClientInfo: true });
  client.on('error', () => {}); // whoever waits for an answer gets it, too
  await client.connect();
  t.defer(() => client.destroy());
  return client;
}
