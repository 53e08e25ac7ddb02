// What runs in a page with Faye's client. These functions go there as text (Page.run), so they know what is handed to
// them, `Faye`, and what they left behind on `window`.

// A client that may not use what is `disabled`, subscribed to `pattern`. Resolves to its id.
export async function arrive(endpoint, disabled, pattern) {
  window.client = new Faye.Client(endpoint, { retry: 0.3, timeout: 10 });
  for (const feature of disabled) client.disable(feature);
  window.heard = [];
  window.subscription = client.subscribe(pattern, (data) => heard.push(data));
  await subscription;
  return client._dispatcher.clientId;
}

// `then` alone, for what a publication resolves to is nothing that could be sent back.
export const say = (channel, data) => client.publish(channel, data).then(() => {});

// 0, 1, 2, ... one after another; HTTP promises no order of requests that are under way together.
export async function sayAll(channel, count) {
  for (let number = 0; number < count; number++) await client.publish(channel, number);
}

// The same without an end, until `fallSilent`.
export function sayOn(channel) {
  window.silent = false;
  window.said = 0;
  window.saying = (async () => { while (!silent) await client.publish(channel, said++); })();
}
export async function fallSilent() {
  window.silent = true;
  await saying;
  return said;
}

// Resolves to everything heard, once it is `count` items at least, or has `last` in it.
export const hear = (count) => new Promise((done) => {
  const look = () => (heard.length >= count ? done(heard) : setTimeout(look, 10));
  look();
});
export const hearOut = (last) => new Promise((done) => {
  const look = () => (heard.includes(last) ? done(heard) : setTimeout(look, 10));
  look();
});

// The client talks as it shook hands until what it likes better is open. Resolves when that is `transport`.
export const settle = (transport) => new Promise((done) => {
  const look = () => (client._dispatcher.connectionType === transport ? done() : setTimeout(look, 10));
  look();
});

// Listens to another channel from now on. The answer to the subscribe says that the unsubscribe before it is done
// as well: they leave together or, over a socket, one behind the other.
export async function moveTo(channel) {
  subscription.cancel();
  window.subscription = client.subscribe(channel, (data) => heard.push(data));
  await subscription;
}

export const leave = () => client.disconnect().then(() => {});
