// A small Bayeux server that makes faults of known number, and whose answers
// take every shape HTTP allows. It ends connections in the middle of an answer
// or between frames, and then sends again what its client may have missed, as
// fayed does. Prints on SIGTERM what it did.
// usage: node faulty-bayeux.js
'use strict';

const http = require('http');
const { WebSocketServer } = require('ws');

const HOLD_MS = 40;
const done = {
  dropped: 0, duplicated: 0, damaged: 0, misrouted: 0, hung_up: 0, sent_again: 0,
  empty_answers: 0, repeated_ids: 0, protocol_errors: 0,
};
const sessions = new Map();
let created = 0, answers = 0;

class Session {
  constructor() {
    this.id = 's' + created++;
    this.channels = new Set();
    this.queue = [];
    this.count = 0; // deliveries
    this.socket = null; // a WebSocket with a connect held on it
    this.recent = []; // sent on the WebSocket not long ago
    this.parked = null; // a held long-polling connect: { id, answer }
    this.last = null; // the last long-polling answer: { id, batch, cut }
    this.filled = 0; // long-polling answers that held messages
  }

  deliver(message) {
    const n = ++this.count;
    if (n % 97 === 0) {
      done.dropped++;
      return;
    }
    if (n % 89 === 0) {
      done.damaged++;
      const x = 'y' + message.data.x.slice(1);
      this.queue.push({ faulty: true, message: { ...message, data: { ...message.data, x } } });
      this.wake();
      return;
    }
    if (n % 83 === 0) {
      done.duplicated++;
      this.queue.push({ faulty: true, message });
    }
    if (n % 79 === 0) {
      done.misrouted++;
      this.queue.push({ faulty: true, message: { ...message, channel: '/elsewhere' } });
    }
    this.queue.push({ message });
    this.wake();
  }

  wake() {
    if (this.socket) this.drainToSocket();
    else if (this.parked) this.release();
  }

  // Everything so far has been read when the client sees the end of the stream.
  drainToSocket() {
    const { socket } = this;
    for (const { message, faulty } of this.queue.splice(0)) {
      socket.send(JSON.stringify([message]));
      if (!faulty) this.recent.push(message);
    }
    this.recent.splice(0, this.recent.length - 3);
    if (this.count >= (this.nextHangUp ||= 60)) {
      this.nextHangUp += 60;
      done.hung_up++;
      this.socket = null;
      socket.hungUp = true;
      socket._socket.end();
    }
  }

  connectBySocket(socket, id) {
    if (this.socketConnectId === id && this.recent.length) {
      done.sent_again += this.recent.length;
      socket.send(JSON.stringify(this.recent));
    }
    this.socketConnectId = id;
    this.socket = socket;
    this.drainToSocket();
    setTimeout(() => {
      if (this.socket !== socket) return;
      done.empty_answers++;
      socket.send(JSON.stringify([this.connectReply(id)]));
    }, HOLD_MS);
  }

  connectReply(id) {
    return {
      channel: '/meta/connect', clientId: this.id, id, successful: true,
      advice: { reconnect: 'retry', interval: 0, timeout: HOLD_MS },
    };
  }

  connectByPoll(id, answer) {
    if (this.last && this.last.id === id) {
      if (!this.last.cut) done.repeated_ids++;
      this.last.cut = false;
      answer(this.last.batch, false);
      return;
    }
    this.parked = { id, answer };
    if (this.queue.length) this.release();
    else this.timer = setTimeout(() => this.release(), HOLD_MS);
  }

  release() {
    const { id, answer } = this.parked;
    const messages = this.queue.splice(0).map((entry) => entry.message);
    const cut = messages.length > 0 && ++this.filled % 20 === 0;
    clearTimeout(this.timer);
    this.parked = null;
    if (messages.length === 0) done.empty_answers++;
    if (cut) done.hung_up++;
    this.last = { id, batch: [this.connectReply(id), ...messages], cut };
    answer(this.last.batch, cut);
  }
}

function handshake(message) {
  const session = new Session();
  sessions.set(session.id, session);
  return {
    channel: message.channel, id: message.id, version: '1.0', successful: true,
    clientId: session.id, supportedConnectionTypes: ['websocket', 'long-polling'],
  };
}

function publish({ channel, id, data }) {
  for (const session of sessions.values())
    if (session.channels.has(channel)) session.deliver({ channel, id, data });
  return { channel, id, successful: true };
}

// `connect` takes what cannot be answered at once.
function take(message, reply, connect) {
  const { channel, id, clientId } = message;
  const session = sessions.get(clientId);
  if (channel === '/meta/handshake') reply([handshake(message)]);
  else if (channel.startsWith('/meta/') && !session)
    reply([{ channel, id, successful: false, error: '401:' + clientId + ':Unknown client' }]);
  else if (channel === '/meta/connect') connect(session, id);
  else if (channel === '/meta/subscribe') {
    session.channels.add(message.subscription);
    reply([{ channel, id, clientId, subscription: message.subscription, successful: true }]);
  } else if (channel === '/meta/disconnect') {
    sessions.delete(clientId);
    reply([{ channel, id, clientId, successful: true }]);
  } else reply([publish(message)]);
}

// The last piece ends the answer: the client may send its next request as soon
// as it has that.
function trickle(response, body, pieces) {
  const size = Math.ceil(body.length / pieces);
  let at = 0;
  (function next() {
    const piece = body.subarray(at, at + size);
    at += size;
    if (at >= body.length) {
      response.end(piece);
      return;
    }
    response.write(piece);
    setImmediate(next);
  })();
}

function answerHttp(request, response, batch, cut) {
  const body = Buffer.from(JSON.stringify(batch));
  const headers = { 'Content-Type': 'application/json' };
  if (cut) {
    response.writeHead(200, { ...headers, 'Content-Length': body.length });
    response.write(body.subarray(0, body.length - 7), () => request.socket.end());
    return;
  }
  switch (answers++ % 5) {
    case 0:
      response.writeHead(200, { ...headers, 'Content-Length': body.length });
      response.end(body);
      break;
    case 1:
      response.writeHead(200, { ...headers, 'Content-Length': body.length });
      trickle(response, body, 20);
      break;
    case 2: // chunked
      response.writeHead(200, { ...headers, Trailer: 'X-End' });
      response.addTrailers({ 'X-End': 'yes' });
      trickle(response, body, 7);
      break;
    case 3:
      response.writeHead(200, { ...headers, 'Content-Length': body.length, Connection: 'close' });
      response.end(body);
      break;
    default:
      response.writeContinue();
      response.writeHead(200, { ...headers, 'Content-Length': body.length });
      response.end(body);
  }
}

const server = http.createServer((request, response) => {
  const parts = [];
  request.on('data', (part) => parts.push(part));
  request.on('end', () => {
    const [message] = JSON.parse(Buffer.concat(parts));
    const answer = (batch, cut) => answerHttp(request, response, batch, cut);
    take(message, (batch) => answer(batch, false), (session, id) => session.connectByPoll(id, answer));
  });
});
new WebSocketServer({ server, perMessageDeflate: false }).on('connection', (socket) => {
  socket.on('error', () => done.protocol_errors++);
  socket.on('message', (data) => {
    if (socket.hungUp) return; // on its way when the other direction ended
    const [message] = JSON.parse(data);
    take(message, (batch) => socket.send(JSON.stringify(batch)),
      (session, id) => session.connectBySocket(socket, id));
  });
});
server.listen(0, '127.0.0.1', () => {
  console.error(`faulty-bayeux ready on http://127.0.0.1:${server.address().port}/bayeux`);
});
process.on('SIGTERM', () => {
  console.log(JSON.stringify(done));
  process.exit(0);
});
