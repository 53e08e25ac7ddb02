// Plays the tests of cases/ against several fayed on a real Redis. See README.md.
import path from 'node:path';
import { parseArgs } from 'node:util';
import { tests } from '../system/lib/harness.mjs';
import { leave, loadCases, play } from '../system/lib/runner.mjs';
import { beLoud } from './lib/say.mjs';

const { values: opt } = parseArgs({
  options: {
    fayed: { type: 'string', default: process.env.FAYED },
    only: { type: 'string', default: '' },
    jobs: { type: 'string', default: '3' },
    verbose: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
  },
});
if (!opt.fayed && !opt.list) {
  console.error('usage: run --fayed PATH | --list  [--only RE] [--jobs N] [--verbose]');
  process.exit(2);
}
if (opt.verbose) beLoud();
await loadCases(new URL('cases/', import.meta.url));
if (opt.list) {
  for (const { name } of tests()) console.log(name);
  await leave(0);
}
await leave(await play({ ...opt, command: [path.resolve(opt.fayed)], jobs: Number(opt.jobs) }));
