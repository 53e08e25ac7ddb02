// Plays the tests of cases/ against fayed, or against the real Faye what that can do too. See README.md.
import { sendInChunks } from './lib/chunks.mjs';
import { main } from './lib/runner.mjs';

await main({
  cases: new URL('cases/', import.meta.url),
  against: ['fayed', 'faye'],
  jobs: 4,
  prepare: ({ chunked }) => { if (chunked) sendInChunks(); },
});
