// Plays the tests of cases/ against a redis-server of their own. See README.md.
import { main } from '../system/lib/runner.mjs';

await main({ cases: new URL('cases/', import.meta.url), jobs: 4 });
