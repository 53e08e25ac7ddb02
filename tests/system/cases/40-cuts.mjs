// Wires break at the worst moment; nothing is lost. One client sits behind a proxy that loses or tears what is under
// way and cuts the connection, again and again, while numbered messages go both ways.
//
// What reaches the client by long-polling it sees exactly once; by WebSocket it may see again what it had not yet
// proved to have. What it publishes arrives exactly once: it sends it again under the same id, and the server knows.
import assert from 'node:assert/strict';
import { freshChannel } from '../lib/bayeux.mjs';
import { TRANSPORTS, listen, newClient, publish } from '../lib/client.mjs';
import { test } from '../lib/harness.mjs';
import { Proxy } from '../lib/proxy.mjs';
import { sleep } from '../lib/wait.mjs';

const ROUNDS = 3;

// A socket's frames are masked on their way up, so there any that holds a message will do.
const isPublish = (chunk) => chunk.includes('"up":') || (!chunk.includes('HTTP/1.1') && chunk.length > 60);

const breaks = {
  'cut by reset': async (proxy) => proxy.cutAll('rst'),
  'cut by close': async (proxy) => proxy.cutAll('fin'),
  'answers lost': (proxy) => proxy.lose({ pattern: '"down":' }),
  'answers torn': (proxy) => proxy.lose({ pattern: '"down":', keep: 200 }),
  'publishes lost': (proxy) => proxy.lose({ pattern: isPublish, direction: 'up' }),
  'publishes torn': (proxy) => proxy.lose({ pattern: isPublish, direction: 'up', keep: 40 }),
  'answers to publishes lost': (proxy) => proxy.lose({ pattern: '"channel":"/up' }),
};
const onlyWebSocket = {
  'several frames lost': (proxy) => proxy.lose({ pattern: '"down":', count: 5 }),
  'stranded at the server': (proxy) => proxy.lose({ pattern: '"down":', count: 5, how: 'strand' }),
};

const range = (count) => Array.from({ length: count }, (_, index) => index);
const withoutRepeats = (list) => [...new Set(list)];

function assertAll(got, expected, what) {
  const lost = expected.filter((item) => !got.includes(item));
  const twice = got.filter((item, index) => got.indexOf(item) !== index);
  if (lost.length || twice.length) assert.fail(`${what}: of ${expected.length} sent, lost [${lost}], twice [${twice}]`);
  assert.ok(got.every((item, index) => item === expected[index]), `${what}: order ${got}`);
}

// Publishes 0, 1, 2, ... one after another until told to stop. Resolves to how many.
async function count(client, channel, key, isOver) {
  let number = 0;
  while (!isOver()) {
    await publish(client, channel, { [key]: number++ });
    await sleep(2); // no flood: the wire breaks often enough
  }
  return number;
}

for (const transport of TRANSPORTS) {
  for (const [what, breakWire] of Object.entries({ ...breaks, ...(transport === 'websocket' && onlyWebSocket) })) {
    test(`cuts: ${transport}, ${what}`, async (t) => {
      const server = await t.server({ timeout: 2 });
      const proxy = await Proxy.start(t, server.port);
      // Bob tells what was done twice, so he polls: his client closes a socket that was silent for 1.2 timeouts, as on a
      // busy machine, and what that had not proved comes again.
      const ann = newClient(t, proxy.url, transport), bob = newClient(t, server.url, 'long-polling');
      const [down, up] = [freshChannel('down'), freshChannel('up')];
      const annHears = await listen(ann, down), bobHears = await listen(bob, up);

      let over = false;
      const sent = Promise.all([count(bob, down, 'down', () => over), count(ann, up, 'up', () => over)]);
      for (let round = 0; round < ROUNDS; round++) {
        await breakWire(proxy);
        // Both ways flow again, and a while so.
        const [low, high] = [annHears.items.length, bobHears.items.length];
        await Promise.all([annHears.has(low + 20), bobHears.has(high + 20)]);
      }
      over = true;
      const [downs, ups] = await sent;
      await publish(bob, down, { down: 'end' });
      await publish(ann, up, { up: 'end' });
      const isEnd = (items) => items.some(({ down, up }) => (down ?? up) === 'end');
      const annGot = (await annHears.until(isEnd)).map(({ down }) => down);
      const bobGot = (await bobHears.until(isEnd)).map(({ up }) => up);
      assertAll(transport === 'websocket' ? withoutRepeats(annGot) : annGot, [...range(downs), 'end'], 'down');
      assertAll(bobGot, [...range(ups), 'end'], 'up');
    });
  }
}
