// What the kernel says of a server's process, and time that stands still for it.
import fs from 'node:fs';
import { sleep } from './wait.mjs';

const TICKS = 100; // of CPU time in a second, as proc(5) counts it

// proc(5)'s fields from the third on, the state; the name before them may hold anything.
const stat = (pid) => fs.readFileSync(`/proc/${pid}/stat`, 'latin1').replace(/^.*\) /s, '').split(' ');

export function cpuSeconds({ pid }) {
  const [user, system] = stat(pid).slice(11, 13);
  return (Number(user) + Number(system)) / TICKS;
}

export const residentBytes = ({ pid }) =>
  1024 * Number(/^VmRSS:\s+(\d+) kB$/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'latin1'))[1]);

// AddressSanitizer keeps freed memory for a while: then what a process holds tells nothing of what it needs.
export const hidesItsMemory = ({ pid }) => fs.readFileSync(`/proc/${pid}/exe`).includes('__asan_init');

// In how many seconds the kernel would probe whether the peer of a server's connection is still there. Those of `port`.
export const probesIn = (port) => fs.readFileSync('/proc/net/tcp', 'latin1').split('\n').slice(1)
  .map((line) => line.trim().split(/\s+/))
  .filter(([, local, , state, , timer]) => local?.endsWith(`:${port.toString(16).toUpperCase().padStart(4, '0')}`) && state === '01' && timer.startsWith('02:'))
  .map(([, , , , , timer]) => parseInt(timer.slice(3), 16) / TICKS);

// Holds the server still while `body` runs. What is sent meanwhile it finds all at once, in one turn of its loop.
export async function whileFrozen(server, body) {
  server.signal('SIGSTOP');
  try {
    while (stat(server.pid)[0] !== 'T') await sleep(1);
    return await body();
  } finally {
    server.signal('SIGCONT');
  }
}
