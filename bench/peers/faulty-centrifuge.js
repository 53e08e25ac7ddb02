// Speaks Centrifugo's client protocol to those who subscribe and hands what is POSTed on
// to them, three messages in a frame, with faults of known number: some are dropped, doubled,
// swapped, damaged or told of another channel, and every fourth client is refused at first.
// Prints on SIGTERM what it did.
// usage: node faulty-centrifuge.js
'use strict';

const http = require('http');
const { WebSocketServer } = require('ws');

const done = {
  dropped: 0, duplicated: 0, swapped: 0, damaged: 0, misrouted: 0, farewells: 0, refused: 0, pings: 0, pongs: 0, wrong_commands: 0,
};
const members = new Set();
let asked = 0;

class Member {
  constructor(socket) {
    this.socket = socket;
    this.channel = null;
    this.lines = []; // of the next frame
    this.held = null; // a message that the next one overtakes
    this.count = 0;
  }

  say(...objects) {
    this.socket.send(objects.map((one) => JSON.stringify(one)).join('\n'));
  }

  // The official clients say both in one frame, and so do we.
  hear(text) {
    const [connect, subscribe, ...others] = text.split('\n').map((line) => JSON.parse(line));
    if (text === '{}') {
      done.pongs++;
    } else if (connect?.id !== 1 || !connect.connect || subscribe?.id !== 2 || !subscribe.subscribe?.channel || others.length) {
      done.wrong_commands++;
    } else if (++asked % 4 === 0) {
      done.refused++;
      this.say({ id: 1, connect: { client: 'x', ping: 25, pong: true } }, { id: 2, error: { code: 103, message: 'not yet' } });
    } else {
      this.channel = subscribe.subscribe.channel;
      this.say({ id: 1, connect: { client: 'x', ping: 25, pong: true } });
      this.say({ id: 2, subscribe: {} });
    }
  }

  add(data, channel = this.channel) {
    this.lines.push(JSON.stringify({ push: { channel, pub: { data } } }));
  }

  take(data, n) {
    if (n % 100 === 0) {
      done.dropped++;
    } else if (n % 70 === 0) {
      this.held = data;
    } else if (n % 130 === 0) {
      done.damaged++;
      this.lines.push(`{"push":{"channel":"${this.channel}","pub":{"data":${JSON.stringify(data).slice(0, -1)}}}`);
    } else if (n % 90 === 0) {
      done.misrouted++;
      this.add(data, `${this.channel}/other`);
    } else {
      this.add(data);
      if (n % 150 === 1) {
        done.duplicated++;
        this.add(data);
      }
      if (this.held) {
        done.swapped++;
        this.add(this.held);
        this.held = null;
      }
    }
  }

  deliver(data) {
    const n = ++this.count;
    this.take(data, n);
    if (n % 50 === 0) {
      done.pings++;
      this.lines.push('{}');
    }
    if (n % 500 === 0) {
      done.farewells++;
      this.lines.push(JSON.stringify({ push: { channel: this.channel, leave: { info: { client: 'x' } } } }));
    }
    if (n % 3 === 0) this.socket.send(this.lines.splice(0).join('\n'));
  }
}

const server = http.createServer((request, response) => {
  const channel = new URL(request.url, 'http://x').searchParams.get('c');
  const parts = [];
  request.on('data', (part) => parts.push(part));
  request.on('end', () => {
    const data = JSON.parse(Buffer.concat(parts));
    for (const member of members) if (member.channel === channel) member.deliver(data);
    response.end('{"result":{}}');
  });
});
new WebSocketServer({ server, path: '/connection/websocket', perMessageDeflate: false }).on('connection', (socket) => {
  const me = new Member(socket);
  members.add(me);
  socket.on('message', (data) => me.hear(data.toString()));
  socket.on('close', () => members.delete(me));
});
server.listen(0, '127.0.0.1', () => {
  console.error(`faulty-centrifuge ready on http://127.0.0.1:${server.address().port}`);
});
process.on('SIGTERM', () => {
  console.log(JSON.stringify(done));
  process.exit(0);
});
