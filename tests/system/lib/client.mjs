// Faye's own JavaScript client under Node.
import { createRequire } from 'node:module';
import { Inbox, within } from './wait.mjs';

const faye = createRequire(import.meta.url)('faye');

export const TRANSPORTS = ['websocket', 'long-polling'];

// A client that uses only `transport` once it has shaken hands.
export function newClient(t, url, transport) {
  const client = new faye.Client(url, { retry: 0.3, timeout: 10 });
  if (transport === 'long-polling') client.disable('websocket');
  t.defer(() => farewell(client));
  return client;
}

// A server that is gone does not answer, and the client would go on asking: then it is told to stop.
async function farewell(client) {
  const asked = client.disconnect();
  try { if (asked) await within(asked, () => 'farewell', 2000); } catch { /* so be it */ }
  client._advice.reconnect = 'none';
}

export const transportOf = (client) => client._dispatcher.connectionType;

// Subscribes and resolves, once that is confirmed, to the inbox that fills from then on.
export async function listen(client, channel) {
  const inbox = new Inbox();
  inbox.subscription = client.subscribe(channel, (data) => inbox.add(data));
  await within(inbox.subscription, () => `the subscription to ${channel}`);
  return inbox;
}

export const publish = (client, channel, data) =>
  within(client.publish(channel, data), () => `the answer to a publish on ${channel}`);
