// Plays the tests of cases/ against several fayed on a real Redis. See README.md.
import { main } from '../system/lib/runner.mjs';
import { beLoud } from './lib/say.mjs';

await main({
  cases: new URL('cases/', import.meta.url),
  against: ['fayed'],
  jobs: 3,
  prepare: ({ verbose }) => { if (verbose) beLoud(); },
});
