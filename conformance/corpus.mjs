// The recorded cases on disk, and the list of those which fayed is not yet meant to pass.
import fs from 'node:fs';
import path from 'node:path';

export class Corpus {
  #files;

  constructor(folder) {
    this.#files = fs.readdirSync(folder).filter((name) => name.endsWith('.json')).sort()
      .map((name) => path.join(folder, name))
      .map((file) => ({ file, cases: JSON.parse(fs.readFileSync(file, 'utf8')) }));
    const names = this.cases.map(({ name }) => name);
    const twice = names.filter((name, index) => names.indexOf(name) !== index);
    if (twice.length) throw new Error(`two cases have the same name: ${twice.join(', ')}`);
  }

  get cases() { return this.#files.flatMap(({ cases }) => cases); }

  matching(pattern) {
    const re = new RegExp(pattern);
    return this.cases.filter(({ name }) => re.test(name));
  }

  save() {
    for (const { file, cases } of this.#files) fs.writeFileSync(file, `${JSON.stringify(cases, null, 1)}\n`);
  }
}
