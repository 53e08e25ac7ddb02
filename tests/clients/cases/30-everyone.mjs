// Everyone in one room: what one kind of client says, every kind hears.
import assert from 'node:assert/strict';
import { freshChannel } from '../../system/lib/bayeux.mjs';
import { test } from '../../system/lib/harness.mjs';
import { KINDS } from '../kinds.mjs';
import { Client } from '../lib/client.mjs';
import { curl } from '../../system/lib/curl.mjs';

test('everyone: each is heard by all kinds', { faye: true, alone: true }, async (t) => {
  const { url } = await t.server();
  const room = freshChannel('room');
  const clients = await Promise.all(KINDS.map((kind) => Client.start(t, kind, url)));
  const inboxes = await Promise.all(clients.map((client) => client.listen(`${room}/*`)));
  const speakers = [...KINDS.map(({ name }) => name), 'curl'];

  for (const [index, client] of clients.entries()) await client.publish(`${room}/${index}`, client.name);
  await curl('--json', JSON.stringify({ channel: `${room}/curl`, data: 'curl' }), url);
  for (const [index, inbox] of inboxes.entries()) {
    assert.deepEqual([...await inbox.has(speakers.length)].sort(), [...speakers].sort(), clients[index].name);
  }
});
