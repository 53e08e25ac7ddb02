// A server that dies and comes back on the same port: its clients heal by themselves, without code of the application.
import { freshChannel } from '../lib/bayeux.mjs';
import { TRANSPORTS, listen, newClient, publish } from '../lib/client.mjs';
import { test } from '../lib/harness.mjs';
import { sleep } from '../lib/wait.mjs';

for (const transport of TRANSPORTS) {
  for (const end of ['SIGKILL', 'SIGTERM']) {
    test(`restart: ${transport} heals after ${end}`, { faye: true }, async (t) => {
      const first = await t.server();
      const client = newClient(t, first.url, transport), other = newClient(t, first.url, transport);
      const [channel, wild] = [freshChannel('heal'), freshChannel('wild')];
      const heard = await listen(client, channel), heardWild = await listen(client, `${wild}/**`);
      await publish(other, channel, 'before');
      await heard.has(1);

      t.forget(first);
      first.signal(end);
      await first.ended;
      await t.server({ listen: `127.0.0.1:${first.port}` });

      // The publisher is healed when it is answered; the listener some time later, and nothing tells when.
      await publish(other, channel, 'first after');
      while (!heard.items.includes('after') || !heardWild.items.includes('after')) {
        await publish(other, channel, 'after');
        await publish(other, `${wild}/x/y`, 'after');
        await sleep(50);
      }
    });
  }
}
