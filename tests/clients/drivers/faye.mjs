// Drives one version of npm's faye: node faye.mjs VERSION. talk.mjs tells how.
import { createRequire } from 'node:module';
import { publishAll, serve, tell, tellIn, tellOut } from './talk.mjs';

const faye = createRequire(import.meta.url)(`faye-${process.argv[2]}`);
const subscriptions = new Map();
let client;

// Every version has extensions, and they see the same: so a thing that one version does not tell is seen all the same.
const watcher = {
  outgoing(message, pass) { tellOut(message); pass(message); },
  incoming(message, pass) { tellIn(message); pass(message); },
};

// What versions before 1.0 return is no promise.
const settled = (deferrable) => new Promise((done, fail) => {
  deferrable.callback(() => done());
  deferrable.errback(fail);
});

const publish = ({ channel, data }) => settled(client.publish(channel, data));

serve({
  open({ url, transport }) {
    client = new faye.Client(url, { retry: 0.3, timeout: 10 });
    if (transport !== 'websocket') client.disable('websocket');
    client.addExtension(watcher);
    client.connect();
    return faye.VERSION;
  },
  subscribe({ channel }) {
    const subscription = client.subscribe(channel, (data) => tell({ heard: channel, data }));
    subscriptions.set(channel, subscription);
    return settled(subscription);
  },
  unsubscribe({ channel }) { subscriptions.get(channel).cancel(); },
  publish,
  publishAll: ({ channel, count }) => publishAll(publish, channel, count),
  disconnect() { client.disconnect(); },
});
