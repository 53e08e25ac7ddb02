// A port on which a server can come back.
import fs from 'node:fs';
import net from 'node:net';

const given = new Set(); // for the server of one test may be down while another looks for a port

// Below those that the kernel gives away by itself: no connection that begins while the server is down can take it.
export async function steadyPort() {
  const [end] = fs.readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'latin1').split(/\s/).map(Number);
  if (end < 2048) throw new Error(`all ports from ${end} on are the kernel's (ip_local_port_range)`);
  for (;;) {
    const port = 1024 + Math.floor(Math.random() * (end - 1024));
    if (given.has(port)) continue;
    given.add(port);
    if (await isFree(port)) return port;
  }
}

const isFree = (port) => new Promise((done) => {
  const server = net.createServer();
  server.on('error', () => done(false));
  server.listen(port, '127.0.0.1', () => server.close(() => done(true)));
});
