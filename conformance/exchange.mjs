// One request and its answer, reduced to what the corpus compares: over http.request, and as raw bytes.
import http from 'node:http';
import net from 'node:net';

const HEADERS = [
  'access-control-allow-credentials', 'access-control-allow-headers', 'access-control-allow-methods',
  'access-control-allow-origin', 'access-control-max-age', 'cache-control', 'content-disposition',
  'content-type', 'etag', 'last-modified', 'location', 'sec-websocket-accept', 'sec-websocket-extensions',
  'sec-websocket-protocol', 'upgrade', 'x-content-type-options',
];

export const parse = (text) => { try { return JSON.parse(text); } catch { return undefined; } };
export const chosenHeaders = (headers) =>
  Object.fromEntries(HEADERS.filter((name) => headers[name] !== undefined).map((name) => [name, headers[name]]));

// Resolves to { status, headers, text, ms } or { error }. `onAbort` gets the function that cuts the connection.
export function request(base, { method, path, headers, body }, onAbort) {
  const started = Date.now();
  return new Promise((done) => {
    const failed = (error) => done({ error: error.code ?? 'error' });
    const request = http.request({
      host: base.hostname, port: base.port || 80, method, path, agent: false,
      headers: { ...headers, ...(body && { 'Content-Length': body.length }) },
    });
    onAbort(() => request.destroy());
    request.on('error', failed);
    request.on('response', (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('error', failed);
      response.on('end', () => done({
        status: response.statusCode, headers: response.headers, text: Buffer.concat(chunks).toString(), ms: Date.now() - started,
      }));
    });
    request.end(body);
  });
}

// An answer as it stands in `expect`: JSON, JSONP or plain body.
export function describe({ status, headers, text }) {
  const result = { status, headers: chosenHeaders(headers) };
  const jsonp = /^(\/\*\*\/)?([\w.$]+)\(([^]*)\)(;?)$/.exec(text);
  if (jsonp && parse(jsonp[3])) {
    result.jsonp = { prefix: jsonp[1] ?? '', callback: jsonp[2], suffix: `)${jsonp[4]}` };
    result.rawLineSeparators = (text.match(/[\u2028\u2029]/g) ?? []).length;
    result.json = parse(jsonp[3]);
  } else if (/json/.test(headers['content-type'] ?? '')) result.json = parse(text) ?? text;
  else result.body = text;
  return result;
}

// Bytes over TCP; the answer is read until the server closes or falls silent for `idle` ms.
export function rawExchange(base, bytes, idle, onAbort) {
  return new Promise((done) => {
    const socket = net.connect(Number(base.port || 80), base.hostname);
    let text = '', timer;
    const finish = (closed) => {
      clearTimeout(timer);
      socket.destroy();
      done({ ...splitAnswer(text), closed });
    };
    const wait = () => { clearTimeout(timer); timer = setTimeout(finish, idle, false); };
    onAbort(() => socket.destroy());
    socket.on('error', () => finish(true));
    socket.on('close', () => finish(true));
    socket.on('data', (chunk) => { text += chunk.toString('latin1'); wait(); });
    socket.write(bytes);
    wait();
  });
}

function splitAnswer(text) {
  const split = text.indexOf('\r\n\r\n');
  const [status, ...lines] = (split < 0 ? text : text.slice(0, split)).split('\r\n');
  const headers = Object.fromEntries(lines.map((line) => [line.split(':')[0].toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]));
  const body = split < 0 ? '' : text.slice(split + 4);
  return { status, headers: chosenHeaders(headers), body: /chunked/i.test(headers['transfer-encoding']) ? unchunk(body) : body };
}

function unchunk(text) {
  const size = parseInt(text, 16);
  const start = text.indexOf('\r\n') + 2;
  return size > 0 ? text.slice(start, start + size) + unchunk(text.slice(start + size + 2)) : '';
}
