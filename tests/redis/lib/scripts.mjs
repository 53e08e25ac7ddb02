// The scripts as the build puts them together, and the names of what is in them.
import { createHash } from 'node:crypto';
import fs from 'node:fs';

const folder = new URL('../../../src/redis/lua/', import.meta.url);
const text = (name) => fs.readFileSync(new URL(`${name}.lua`, folder), 'utf8');

export const names = fs.readdirSync(folder)
  .map((file) => file.replace(/\.lua$/, ''))
  .filter((name) => name !== 'common');

export const scripts = Object.fromEntries(names.map((name) => {
  const whole = text('common') + text(name);
  return [name, { text: whole, sha: createHash('sha1').update(whole).digest('hex') }];
}));
