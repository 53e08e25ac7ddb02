// Makes a script that shows a difference smaller, as long as it still shows one.
import { Prudence } from './prudence.mjs';

// Scripts that prudence lets pass, as it would have at the time of writing.
function isPlayable(script) {
  const prudence = new Prudence();
  const opened = new Set();
  return script.every((step) => {
    if (step.do === 'open') opened.add(step.socket);
    else if (step.socket && !opened.has(step.socket)) return false;
    if (prudence.ended || prudence.objection(step)) return false;
    prudence.note(step);
    return true;
  });
}

const without = (list, index) => [...list.slice(0, index), ...list.slice(index + 1)];

// Smaller values in the place of one: parts of it, and it without a part.
function* smallerValues(value) {
  if (Array.isArray(value)) {
    for (const index of value.keys()) yield without(value, index);
    for (const [index, item] of value.entries()) {
      for (const less of smallerValues(item)) yield value.map((old, at) => (at === index ? less : old));
    }
  } else if (value !== null && typeof value === 'object') {
    for (const key of Object.keys(value)) yield Object.fromEntries(Object.entries(value).filter(([other]) => other !== key));
    for (const [key, item] of Object.entries(value)) {
      for (const less of smallerValues(item)) yield Object.fromEntries(Object.entries(value).map(([k, v]) => [k, k === key ? less : v]));
    }
  } else if (typeof value === 'string' && value.length > 40) yield value.slice(0, value.length / 2);
}

function* smallerTexts(text) {
  let value;
  try { value = JSON.parse(text); } catch { return; }
  if (JSON.stringify(value) !== text) yield JSON.stringify(value);
  if (Array.isArray(value) && value.length === 1) yield JSON.stringify(value[0]);
  for (const less of smallerValues(value)) yield JSON.stringify(less);
}

function* smallerFields(fields) {
  for (const index of fields.keys()) if (fields.length > 1) yield without(fields, index);
  for (const [index, field] of fields.entries()) {
    const put = (other) => fields.map((old, at) => (at === index ? { ...field, ...other } : old));
    if (field.style && field.style !== 'plain') yield put({ style: 'plain' });
    if (field.value) for (const value of smallerTexts(field.value)) yield put({ value });
  }
}

function* smallerSteps(step) {
  for (const key of ['path', 'below', 'bytes', 'binary']) if (step[key]) yield { ...step, [key]: undefined };
  for (const key of Object.keys(step.headers ?? {})) {
    yield { ...step, headers: Object.fromEntries(Object.entries(step.headers).filter(([other]) => other !== key)) };
  }
  for (const key of ['body', 'text']) if (step[key]) for (const less of smallerTexts(step[key])) yield { ...step, [key]: less };
  for (const key of ['form', 'query']) if (step[key]) for (const less of smallerFields(step[key])) yield { ...step, [key]: less };
}

function* smallerScripts(script) {
  for (let n = script.length >> 1; n >= 1; n >>= 1) {
    for (let at = script.length - n; at >= 0; at -= n) yield [...script.slice(0, at), ...script.slice(at + n)];
  }
  for (const [index, step] of script.entries()) {
    for (const less of smallerSteps(step)) yield script.map((old, at) => (at === index ? less : old));
  }
}

// `fails(script)` resolves to what it found or null. Resolves to the smallest script found by `deadline`, and its finding.
export async function shrink(script, found, fails, deadline) {
  let best = { script, found };
  for (let smaller = true; smaller;) {
    smaller = false;
    for (const candidate of smallerScripts(best.script)) {
      if (Date.now() > deadline) return best;
      const found = isPlayable(candidate) && await fails(candidate);
      if (!found) continue;
      best = { script: candidate, found };
      smaller = true;
      break;
    }
  }
  return best;
}
