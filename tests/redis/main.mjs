// Plays the tests of cases/ against a redis-server of their own. See README.md.
import { parseArgs } from 'node:util';
import { tests } from '../system/lib/harness.mjs';
import { leave, loadCases, play } from '../system/lib/runner.mjs';

const { values: opt } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    verbose: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
  },
});
await loadCases(new URL('cases/', import.meta.url));
if (opt.list) {
  for (const { name } of tests()) console.log(name);
  await leave(0);
}
await leave(await play({ ...opt, jobs: 4 }));
