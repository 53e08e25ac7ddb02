// Drives npm's cometd under Node, as its documentation has applications do it: they subscribe anew whenever the library
// has shaken hands anew. talk.mjs tells how.
import { Console } from 'node:console';
import { createRequire } from 'node:module';
import { publishAll, serve, tell, tellIn, tellOut } from './talk.mjs';

globalThis.console = new Console(process.stderr, process.stderr); // the library logs to it
const { adapt } = await import('cometd-nodejs-client');
adapt();
const { AckExtension, CometD, TimeSyncExtension } = await import('cometd');
const EXTENSIONS = { ack: AckExtension, timesync: TimeSyncExtension };

const { version } = createRequire(import.meta.url)('cometd/package.json');
const client = new CometD();
const wanted = new Set();
const subscriptions = new Map();
let extension = null;

const watcher = {
  outgoing(message) { tellOut(message); return message; },
  incoming(message) { tellIn(message); return message; },
};

// Calls `ask` with a callback and settles as the reply says.
const replied = (ask) => new Promise((done, fail) => {
  ask((reply) => (reply.successful ? done() : fail(new Error(reply.error ?? JSON.stringify(reply)))));
});

const subscribe = (channel, onReply) =>
  subscriptions.set(channel, client.subscribe(channel, ({ data }) => tell({ heard: channel, data }), onReply));

const publish = ({ channel, data }) => replied((onReply) => client.publish(channel, data, onReply));

// This process' clock is `ms` behind the world's.
function setClockBack(ms) {
  const World = Date;
  globalThis.Date = class extends World {
    constructor(...given) { super(...(given.length ? given : [World.now() - ms])); }
    static now() { return World.now() - ms; }
  };
}

serve({
  async open({ url, transport, extension: name, clockBackMs = 0 }) {
    if (clockBackMs) setClockBack(clockBackMs);
    for (const type of client.getTransportTypes()) if (type !== transport) client.unregisterTransport(type);
    client.configure({ url, logLevel: 'warn', backoffIncrement: 100, maxBackoff: 300 });
    client.registerExtension('watcher', watcher); // the first: it sees what goes out after all others
    if (name) client.registerExtension(name, extension = new EXTENSIONS[name]());
    client.addListener('/meta/handshake', ({ successful }) => {
      if (successful) client.batch(() => { for (const channel of wanted) subscribe(channel); });
    });
    await replied((onReply) => client.handshake(onReply));
    return version;
  },
  subscribe({ channel }) {
    wanted.add(channel);
    return replied((onReply) => subscribe(channel, onReply));
  },
  unsubscribe({ channel }) {
    wanted.delete(channel);
    return replied((onReply) => client.unsubscribe(subscriptions.get(channel), onReply));
  },
  publish,
  publishAll: ({ channel, count }) => publishAll(publish, channel, count),
  disconnect: () => replied((onReply) => client.disconnect(onReply)),
  // What the timesync extension makes of the server's clock.
  clock: () => ({ offset: extension.getTimeOffset(), lag: extension.getNetworkLag() }),
});
