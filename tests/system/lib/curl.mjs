// curl as a shell would call it.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { within } from './wait.mjs';

const HEAD = /^HTTP\/[^]*?\r\n\r\n/;

const living = new Set();
process.on('exit', () => { for (const child of living) child.kill('SIGKILL'); });

// Resolves to { heads, body, json } of what it got: heads are several when there was an interim one. `input` is for its
// standard input.
export async function curlWith(input, ...args) {
  const child = spawn('curl', ['--silent', '--show-error', '--include', ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
  living.add(child);
  const [out, err] = [child.stdout, child.stderr].map((stream) => stream.setEncoding('utf8').toArray());
  child.stdin.on('error', () => {}); // it may not want any
  child.stdin.end(input);
  const [code] = await within(once(child, 'close'), () => `curl ${args.join(' ')}`).finally(() => living.delete(child));
  assert.equal(code, 0, `curl ${args.join(' ')}: ${(await err).join('')}`);
  return readOutput((await out).join(''));
}

export const curl = (...args) => curlWith('', ...args);

function readOutput(text) {
  const heads = [];
  let body = text;
  for (let found; (found = HEAD.exec(body)); body = body.slice(found[0].length)) heads.push(found[0]);
  const answer = { heads, body };
  try { answer.json = JSON.parse(body); } catch { /* not every answer is JSON */ }
  return answer;
}
