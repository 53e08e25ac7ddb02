// From a step of a script to the bytes of a request, and to what the server will read in it.

const hex = (byte) => `%${byte.toString(16).padStart(2, '0')}`;
const whole = (text) => [...Buffer.from(text)].map(hex).join('');

// How a form field may be written. All but "raw" arrive as they were.
const STYLES = {
  plain: encodeURIComponent,
  plus: (text) => encodeURIComponent(text).replaceAll('%20', '+'),
  lower: (text) => encodeURIComponent(text).replace(/%[0-9A-F]{2}/g, (escape) => escape.toLowerCase()),
  every: whole,
  // Node takes bytes beyond ASCII for Latin-1 when there is an escape beside them.
  raw: (text) => text.replace(text.includes('%') ? /[&#]|[^\0-\x7f]+/g : /[&#]/g, whole),
};
export const STYLE_NAMES = Object.keys(STYLES);

// `fields`: { name, value, style } or { text }, which goes as it is.
const write = (fields, fill) => fields.map(({ name, value, style, text }) =>
  text ?? `${name}=${STYLES[style](fill(value))}`).join('&');

// `fill` puts client ids in, `mount` is where the server is.
export function build(step, mount, fill = (text) => text) {
  const path = step.path ?? mount + (step.below ?? '');
  const { method = 'POST', headers = {} } = step;
  let body = step.form ? write(step.form, fill) : step.body === undefined ? undefined : fill(step.body);
  if (step.bytes) body = Buffer.concat([Buffer.from(body.slice(0, -1)), Buffer.from(step.bytes, 'hex'), Buffer.from(body.slice(-1))]);
  return {
    method, headers,
    path: step.query ? `${path}?${write(step.query, fill)}` : path,
    body: body === undefined ? undefined : Buffer.from(body),
  };
}

const contentType = (step) => step.headers?.['Content-Type'] ?? '';
export const isJson = (step) => contentType(step).split(';')[0] === 'application/json';
// What a tolerant reader takes for JSON too.
export const isNearlyJson = (step) => /^\s*application\/json\s*$/i.test(contentType(step).split(';')[0]);

// The fields that a server finds in a request.
export function fieldsOf(step) {
  const { method, path, body } = build(step, '/bayeux');
  if (method === 'POST' && isJson(step)) return new URLSearchParams({ message: body?.toString() ?? '' });
  if (method === 'POST') return new URLSearchParams(body?.toString() ?? '');
  return new URL(path, 'http://localhost').searchParams;
}

// The messages of a JSON text, or null when there are none to be handled.
export function messagesOf(text) {
  let value;
  try { value = JSON.parse(text); } catch { return null; }
  return typeof value === 'object' ? [].concat(value) : null;
}
