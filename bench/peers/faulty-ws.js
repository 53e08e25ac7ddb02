// Hands every frame on to everyone else, with faults of known number: some are
// dropped, doubled or swapped, and every tenth comes in fragments with a ping
// between them. Prints on SIGTERM what it did.
// usage: node faulty-ws.js
'use strict';

const http = require('http');
const { WebSocketServer } = require('ws');

const done = { dropped: 0, duplicated: 0, swapped: 0, pings: 0, pongs: 0, wrong_pongs: 0 };
const members = new Set();

class Member {
  constructor(socket) {
    this.socket = socket;
    this.held = null; // a frame that the next one overtakes
    this.count = 0;
    this.pings = []; // payloads not answered yet
    socket.on('pong', (payload) => {
      if (payload.toString() === this.pings.shift()) done.pongs++;
      else done.wrong_pongs++;
    });
    socket.on('close', () => members.delete(this));
  }

  ping() {
    const payload = 'p'.repeat(this.count % 126);
    done.pings++;
    this.pings.push(payload);
    this.socket.ping(payload);
  }

  sendInPieces(text) {
    this.socket.send(text.slice(0, 20), { fin: false });
    this.ping();
    this.socket.send(text.slice(20, 30), { fin: false });
    this.socket.send('', { fin: false });
    this.socket.send(text.slice(30), { fin: true });
  }

  deliver(text) {
    const n = ++this.count;
    if (n % 100 === 0) {
      done.dropped++;
      return;
    }
    if (n % 70 === 0 && !this.held) {
      this.held = text;
      return;
    }
    if (n % 150 === 1) {
      done.duplicated++;
      this.socket.send(text);
    }
    if (n % 10 === 0) this.sendInPieces(text);
    else this.socket.send(text);
    if (this.held) {
      done.swapped++;
      this.socket.send(this.held);
      this.held = null;
    }
  }
}

const server = http.createServer();
new WebSocketServer({ server, perMessageDeflate: false }).on('connection', (socket) => {
  const me = new Member(socket);
  members.add(me);
  socket.on('message', (data) => {
    for (const member of members) if (member !== me) member.deliver(data.toString());
  });
});
server.listen(0, '127.0.0.1', () => {
  console.error(`faulty-ws ready on ws://127.0.0.1:${server.address().port}`);
});
process.on('SIGTERM', () => {
  console.log(JSON.stringify(done));
  process.exit(0);
});
