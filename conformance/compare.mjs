// Do the results of a case match what was recorded?

const kind = (value) => (Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value);

export function show(value) {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 300 ? `${text.slice(0, 300)}...` : text;
}

// Lines that say where two values differ. "*" in the expected value matches anything.
export function diff(expected, actual, unordered = false, where = '') {
  if (expected === '*') return [];
  const differ = [`${where}: expected ${show(expected)}, got ${show(actual)}`];
  if (kind(expected) !== kind(actual)) return differ;
  if (kind(expected) === 'array') return diffItems(expected, actual, unordered, where);
  if (kind(expected) === 'object') return diffFields(expected, actual, unordered, where);
  return expected === actual || Object.is(expected, actual) ? [] : differ;
}

function diffItems(expected, actual, unordered, where) {
  if (expected.length !== actual.length) {
    return [`${where}: expected ${expected.length} items ${show(expected)}, got ${actual.length} ${show(actual)}`];
  }
  if (!unordered) return expected.flatMap((item, index) => diff(item, actual[index], false, `${where}[${index}]`));
  const rest = [...actual];
  for (const item of expected) {
    const found = rest.findIndex((other) => diff(item, other, true).length === 0);
    if (found < 0) return [`${where}: missing ${show(item)}, left over ${show(rest)}`];
    rest.splice(found, 1);
  }
  return [];
}

function diffFields(expected, actual, unordered, where) {
  return [...new Set([...Object.keys(expected), ...Object.keys(actual)])].flatMap((key) => {
    if (!(key in actual)) return [`${where}.${key}: missing, expected ${show(expected[key])}`];
    if (!(key in expected)) return [`${where}.${key}: not expected, got ${show(actual[key])}`];
    return diff(expected[key], actual[key], unordered, `${where}.${key}`);
  });
}

// Lines that say where a case went wrong, none when it passed.
export function judge({ expect, steps, tolerance = {} }, results) {
  const { unordered = [], accept = {}, skip = [] } = tolerance;
  const lines = results.flatMap((result, index) => {
    if (skip.includes(index)) return [];
    const loose = unordered === true || unordered.includes(index);
    const found = diff(expect[index], result, loose, `step ${index}`);
    const accepted = (accept[index] ?? []).some((other) => diff(other, result, loose).length === 0);
    return accepted ? [] : found;
  });
  if (!lines.length && results.length < steps.length) lines.push(`step ${results.length}: not reached`);
  return lines;
}

// Is a step's silence a reason to stop? Later steps would only wait too.
export const hopeless = ({ expect, tolerance }) => (index, result) =>
  result === 'pending' && expect[index] !== 'pending' && !tolerance?.accept?.[index];
