// With the option --chunked requests tell no length, so that fayed leaves them to libmicrohttpd.
let chunked = false;

export const sendInChunks = () => { chunked = true; };
export const isChunked = () => chunked;

export const inOneChunk = (body) => Buffer.concat([Buffer.from(`${body.length.toString(16)}\r\n`), body, Buffer.from('\r\n0\r\n\r\n')]);
