// The people of most tests: subscribers of every kind by every way in, exact and by wildcards, and publishers by every way.
import { freshRoom } from './checker.mjs';
import { KINDS } from './faye.mjs';
import { Front } from './roundrobin.mjs';

export class Crowd {
  publishers = [];

  // Subscribers that go to all nodes in turn and, unless they are not wanted, such that are `faithful` to one node; the
  // same of publishers.
  static async gather(t, cluster, check, { kinds = KINDS, wandering = true, faithful = true } = {}) {
    const crowd = new Crowd(), room = freshRoom();
    crowd.front = await Front.start(t, cluster.nodes, 'next');
    crowd.channels = [`${room}/a`, `${room}/b/c`];
    const join = async (url, kind) => {
      await check.subscriber({ url, kind, patterns: crowd.channels });
      await check.subscriber({ url, kind, patterns: [`${room}/**`] });
    };
    for (const kind of kinds) await Promise.all([crowd.front.url, ...(faithful ? cluster.urls : [crowd.front.url])].map((url) => join(url, kind)));
    crowd.publishers.push(...cluster.nodes.map((node) => check.posterAt(node)));
    if (wandering) {
      crowd.publishers.push(check.poster(() => cluster.random().url));
      crowd.publishers.push(await check.publisher({ url: crowd.front.url, kind: 'websocket' }));
      crowd.publishers.push(await check.publisher({ url: crowd.front.url, kind: 'long-polling' }));
    }
    return crowd;
  }
}
