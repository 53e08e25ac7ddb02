// Hears what the nodes tell each other about a channel: each publication as often as it was published, in the order of all,
// whatever becomes of it afterwards. Somebody must be subscribed to the channel.
import { Inbox } from '../../system/lib/wait.mjs';

export class Ear {
  data = new Inbox();
  texts = []; // JSON of whole messages
  #client;

  static async open(t, cluster, channel) {
    const ear = new Ear();
    ear.#client = cluster.redis.connect();
    t.defer(() => ear.#client.disconnect());
    ear.#client.on('message', (_, text) => ear.#hear(text));
    await ear.#client.subscribe(cluster.key(`live:${channel}`));
    return ear;
  }

  // "SEQ NODE K CHANNEL JSON"
  #hear(text) {
    const json = text.split(' ').slice(4).join(' ');
    this.texts.push(json);
    this.data.add(JSON.parse(json).data);
  }
}
