// Plays the tests of cases/ against fayed, or against the real Faye what that can do too. See README.md.
import path from 'node:path';
import { parseArgs } from 'node:util';
import { realFaye } from '../../conformance/server.mjs';
import { tests } from './lib/harness.mjs';
import { leave, loadCases, play } from './lib/runner.mjs';

const { values: opt } = parseArgs({
  options: {
    fayed: { type: 'string', default: process.env.FAYED },
    faye: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    jobs: { type: 'string', default: '4' },
    verbose: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
  },
});
if (!opt.faye && !opt.fayed && !opt.list) {
  console.error('usage: run --fayed PATH | --faye | --list  [--only RE] [--jobs N] [--verbose]');
  process.exit(2);
}
await loadCases(new URL('cases/', import.meta.url));
if (opt.list) {
  for (const { name } of tests()) console.log(name);
  await leave(0);
}
const command = opt.faye ? realFaye() : [path.resolve(opt.fayed)];
await leave(await play({ ...opt, command, jobs: Number(opt.jobs) }));
