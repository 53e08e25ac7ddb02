// How a driver talks with the tests: one JSON object a line. It is told { n, do: NAME, ...arguments } and answers
// { n, ok: RESULT } or { n, error: TEXT } when that is done; in between it tells of what happens:
// { heard: PATTERN, data }, a message that reached the subscription to PATTERN; { out: MESSAGE } and { in: MESSAGE }, what
// the library sends and is sent on /meta channels; { in: { channel } }, a message of any other channel, once however
// many subscriptions it reaches. It ends when its input does.

// Standard output, and nobody else writes to it.
export const tell = (event) => process.stdout.write(`${JSON.stringify(event)}\n`);

const isMeta = (message) => /^\/meta\//.test(message.channel);

export const tellOut = (message) => { if (isMeta(message)) tell({ out: message }); };

export function tellIn(message) {
  if (isMeta(message)) tell({ in: message });
  else if (message.data !== undefined) tell({ in: { channel: message.channel } });
}

// `actions` holds a function for each NAME; it may return a promise.
export function serve(actions) {
  const act = async ({ n, do: name, ...given }) => {
    try { tell({ n, ok: (await actions[name](given)) ?? null }); } catch (error) { tell({ n, error: String(error?.message ?? error) }); }
  };
  let rest = '';
  process.stdin.setEncoding('utf8');
  process.stdin.on('data', (text) => {
    const lines = (rest + text).split('\n'); // not readline, which takes U+2028 for an end of line
    rest = lines.pop();
    for (const line of lines) act(JSON.parse(line));
  });
  process.stdin.on('end', () => process.exit(0));
}

// One publish after the other, each when the one before has been answered.
export async function publishAll(publish, channel, count) {
  for (let number = 0; number < count; number++) await publish({ channel, data: number });
}
