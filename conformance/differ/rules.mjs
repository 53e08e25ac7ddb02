// Where fayed answers otherwise than Faye on purpose. Everything else that differs is a bug of fayed, or missing here.

const withoutKeys = (value, keys) => Object.fromEntries(Object.entries(value).filter(([key]) => !keys.includes(key)));

function everywhere(value, change) {
  if (Array.isArray(value)) return value.map((item) => everywhere(item, change));
  if (value === null || typeof value !== 'object') return change(value);
  return change(Object.fromEntries(Object.entries(value).map(([key, item]) => [key, everywhere(item, change)])));
}

// What reaches a subscriber: `faye` and `fayed` bring what that server sent to a form both can have.
export const DELIVERY_RULES = [
  {
    name: 'what steers clients is not passed on',
    why: 'advice, successful, subscription and error in a publication would be obeyed by subscribers',
    faye: (message) => withoutKeys(message, ['advice', 'successful', 'subscription', 'error']),
  },
  {
    name: 'data keeps __proto__',
    why: 'JSON has no special keys; Faye drops this one',
    fayed: (message) => everywhere(message, (value) => (value && typeof value === 'object' && !Array.isArray(value) ? withoutKeys(value, ['__proto__']) : value)),
  },
  {
    name: 'data keeps numbers beyond a double',
    why: 'publications are passed on as they were written; Faye sends null for 1e400',
    fayed: (message) => everywhere(message, (value) => (value === Infinity || value === -Infinity ? null : value)),
  },
];

const wellFormedError = (reply) => (typeof reply?.error === 'string'
  ? { ...reply, error: reply.error.replace(/\p{Surrogate}/gu, '\ufffd') } : reply);

// The same for replies.
export const REPLY_RULES = [
  {
    name: 'error texts have no half surrogates',
    why: 'they are made of UTF-8; what is echoed as it was sent keeps them',
    faye: wellFormedError,
    fayed: wellFormedError,
  },
];

const isReply = (message) => typeof message?.successful === 'boolean';

// Whole answers. `accepts` sees the step, both answers, and why the script ends with it, if so.
export const ANSWER_RULES = [
  {
    name: 'what upsets Faye is answered',
    why: 'Faye throws where it wants a text and gets an array or object without one, and refuses the whole batch',
    accepts: (step, faye, fayed, ended) => ended === 'Faye stops at a message that upsets it'
      && faye.status === 400 && fayed.status === 200 && fayed.replies.every(isReply),
  },
  {
    name: 'what is no UTF-8 is refused',
    why: 'Faye reads it with replacement characters, so what arrives is not what was sent',
    accepts: (step, faye, fayed, ended) => ended === 'fayed refuses what is no UTF-8' && fayed.status === 400,
  },
  {
    name: 'media types in any case',
    why: 'RFC 9110 8.3.1; Faye takes the body for a form then',
    accepts: (step, faye, fayed, ended) => ended === 'fayed takes a media type in any case' && (faye.status === 400 || fayed.status === 400),
  },
  {
    name: 'a 400 has CORS headers',
    why: 'else a page cannot tell why its request failed',
    accepts: (step, faye, fayed) => faye.status === 400 && fayed.status === 400 && faye.body === fayed.body
      && step.headers?.Origin && fayed.headers['access-control-allow-origin'] === step.headers.Origin
      && faye.headers['content-type'] === fayed.headers['content-type'],
  },
  {
    name: 'outside the mount the body is up to the server',
    why: 'there, Faye leaves the request to its application',
    accepts: (step, faye, fayed) => faye.status === 404 && fayed.status === 404,
  },
  {
    name: 'OPTIONS of / asks whether the server is well',
    why: "HAProxy's option httpchk sends it; Faye leaves it to its application",
    accepts: (step, faye, fayed) => step.method === 'OPTIONS' && step.path?.replace(/\?.*/, '') === '/'
      && faye.status === 404 && fayed.status === 200 && fayed.body === 'ok',
  },
];
