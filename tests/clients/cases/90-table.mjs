// README says what is tested, and nothing else.
import assert from 'node:assert/strict';
import { test } from '../../system/lib/harness.mjs';
import { makeTable, readTable } from '../table.mjs';

test('README: the table of compatibility is what the tests are', async () => {
  assert.equal(readTable(), makeTable(), 'run tests/clients/table --write');
});
