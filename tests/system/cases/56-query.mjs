// Callback-polling's messages and function are fields of the query.
import assert from 'node:assert/strict';
import http from 'node:http';
import { once } from 'node:events';
import { test } from '../lib/harness.mjs';
import { within } from '../lib/wait.mjs';

async function get(url) {
  const request = http.get(url, { agent: false });
  const [response] = await within(once(request, 'response'), () => `an answer to ${url}`);
  const chunks = [];
  response.on('data', (chunk) => chunks.push(chunk));
  await within(once(response, 'end'), () => `the end of the answer to ${url}`);
  return { status: response.statusCode, text: Buffer.concat(chunks).toString() };
}

test('query: its fields are found by their names, letter for letter', { faye: true }, async (t) => {
  const { url } = await t.server();
  const called = { status: 200, text: '/**/f([]);' }, refused = { status: 400, text: 'Bad request' };
  for (const [query, answer] of [
    ['jsonp=f&message=[]', called],
    ['m%65ssage=%5B%5D&%6Asonp=%66', called],
    ['jsonp=f&Message=nonsense&message=[]', called],
    ['JSONP=g&jsonp=f&message=[]&message=nonsense&jsonp=g', called],
    ['jsonp=f&message=[+]', called],
    ['jsonp=f&MESSAGE=[]', refused],
    ['jsonp=f&message', refused],
    ['jsonp=f&message=%2B', refused],
  ]) {
    assert.deepEqual(await get(`${url}?${query}`), answer, query);
  }
});
