// Several clients on one WebSocket, as Faye allows: all may ask, the last that connected gets its messages there.
import assert from 'node:assert/strict';
import { Session, freshChannel, handshake, send } from '../lib/bayeux.mjs';
import { test } from '../lib/harness.mjs';
import { Socket } from '../lib/socket.mjs';

const data = (messages) => messages.map((message) => message.data);

// `count` clients that shook hands and subscribed to a channel each on one socket.
async function sharing(t, count) {
  const { url } = await t.server({ timeout: 60 });
  const socket = await Socket.open(t, url), clients = [];
  for (let i = 0; i < count; i++) {
    const { clientId } = await socket.ask(handshake()), session = new Session(url, clientId), channel = freshChannel('shared');
    assert.equal((await socket.ask(session.message('/meta/subscribe', { subscription: channel, id: `s${i}` }))).successful, true);
    clients.push({ session, channel });
  }
  assert.equal(new Set(clients.map(({ session }) => session.clientId)).size, count);
  return { url, socket, clients };
}

const held = (socket, session, id) => socket.send([session.message('/meta/connect', { connectionType: 'websocket', id })]);
const reply = (socket, id) => socket.messages.until((messages) => messages.some((message) => message.id === id && 'successful' in message));

test('shared socket: a connect of another client takes it over and ends the connect that was held', { faye: true }, async (t) => {
  const { url, socket, clients: [one, two] } = await sharing(t, 2);
  held(socket, one.session, 'one');
  await send(url, [{ channel: one.channel, data: 1 }]);
  await socket.delivered(1);
  assert.equal(socket.messages.items.some(({ id }) => id === 'one'), false);
  held(socket, two.session, 'two');
  await reply(socket, 'one');
  await send(url, [{ channel: one.channel, data: 'waits' }, { channel: two.channel, data: 2 }]);
  assert.deepEqual(data(await socket.delivered(2)), [1, 2]);
  held(socket, one.session, 'one again');
  await reply(socket, 'two');
  assert.deepEqual(data(await socket.delivered(3)), [1, 2, 'waits']);
});

test('shared socket: one client\'s disconnect does not close it for the other that is bound', { faye: true }, async (t) => {
  const { url, socket, clients: [one, two] } = await sharing(t, 2);
  held(socket, two.session, 'two');
  assert.equal((await socket.ask(one.session.message('/meta/disconnect', { id: 'bye' }))).successful, true);
  await send(url, [{ channel: one.channel, data: 'nobody' }, { channel: two.channel, data: 2 }]);
  assert.deepEqual(data(await socket.delivered(1)), [2]);
  assert.equal((await socket.ask({ ...one.session.message(one.channel), data: 'still a publisher', id: 'p' })).successful, true);
});

test('shared socket: a bound client\'s disconnect closes it for all', { faye: true }, async (t) => {
  const { socket, clients: [one, two] } = await sharing(t, 2);
  held(socket, one.session, 'one');
  socket.send([one.session.message('/meta/disconnect', { id: 'bye' })]);
  assert.equal((await socket.closed).code, 1000);
  assert.deepEqual((await two.session.poll()).messages, []); // and that one lives on
});

test('shared socket: thirty clients take turns, and each gets its own once', { faye: true }, async (t) => {
  const { url, socket, clients } = await sharing(t, 30);
  for (const [number, { channel }] of clients.entries()) await send(url, [{ channel, data: number }]);
  for (const { session } of clients) await socket.connect(session, { id: session.clientId });
  assert.deepEqual(data(await socket.delivered(30)), clients.map((_, number) => number));
});
