// RFC 6455, sections 4 and 9: what an opening handshake may look like. A line is: section, what, changes, answer. The changes are
// to this request, by ";":
//
//   GET /bayeux HTTP/1.1                                GET /x HTTP/1.1    another first line
//   Host: …                                             Name: value        instead of the field, wherever it stands
//   Connection: Upgrade                                 + Name: value      one more
//   Upgrade: websocket                                  - Name             without it
//   Sec-WebSocket-Version: 13
//   Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
//
// The answer is a status and fields that must be with it. With 101 come the right Sec-WebSocket-Accept, Upgrade and
// Connection, no sub-protocol and no extension, and the socket works; with anything else no frame is ever read.
const WRONG_VERSION = '400 Sec-WebSocket-Version: 13';

export const handshakes = [
  ['4.2.2', 'the plain request', '', '101'],

  ['4.2.1', 'another method: POST', 'POST /bayeux HTTP/1.1', '400'],
  ['4.2.1', 'another method: HEAD', 'HEAD /bayeux HTTP/1.1', '400'],
  ['4.2.1', 'another method: PUT', 'PUT /bayeux HTTP/1.1', '400'],
  ['4.2.1', 'a method in small letters', 'get /bayeux HTTP/1.1', '400'],
  ['4.2.1', 'HTTP/1.0', 'GET /bayeux HTTP/1.0', '400'],
  ['4.2.1', 'a query', 'GET /bayeux?a=b&c HTTP/1.1', '101'],
  ['4.2.1', 'a path below the mount', 'GET /bayeux/handshake HTTP/1.1', '101'],
  ['4.2.1', 'the whole address', 'GET http://example.com/bayeux HTTP/1.1', '101'],
  ['4.2.2', 'a path outside the mount', 'GET /elsewhere HTTP/1.1', '404'],
  ['4.2.2', 'a path that begins like the mount', 'GET /bayeuxes HTTP/1.1', '404'],
  ['4.2.2', 'the root', 'GET / HTTP/1.1', '404'],
  ['4.2.2', 'a path that leaves the mount', 'GET /bayeux/../elsewhere HTTP/1.1', '404'],

  ['4.2.1', 'Host with another name', 'Host: example.com', '101'],
  ['4.2.1', 'Host with a port', 'Host: example.com:8080', '101'],
  ['4.2.1', 'no Host', '- Host', '400'],
  ['4.2.1', 'two Hosts', '+ Host: example.com', '400'],

  ['4.2.1', 'Upgrade in capitals', 'Upgrade: WEBSOCKET', '101'],
  ['4.2.1', 'Upgrade as browsers once wrote it', 'Upgrade: WebSocket', '101'],
  ['4.2.1', 'Upgrade among others', 'Upgrade: h2c, websocket', '101'],
  ['4.2.1', 'two Upgrades', 'Upgrade: h2c ; + Upgrade: websocket', '101'],
  ['4.2.1', 'Upgrade to something else', 'Upgrade: h2c', '400'],
  ['4.2.1', 'Upgrade to what contains the word', 'Upgrade: websockets', '400'],
  ['4.2.1', 'Upgrade to two words', 'Upgrade: web socket', '400'],
  ['4.2.1', 'an empty Upgrade', 'Upgrade:', '400'],
  ['4.2.1', 'no Upgrade', '- Upgrade', '400'],

  ['4.2.1', 'Connection in small letters', 'Connection: upgrade', '101'],
  ['4.2.1', 'Connection in capitals', 'Connection: UPGRADE', '101'],
  ['4.2.1', 'Connection as Firefox writes it', 'Connection: keep-alive, Upgrade', '101'],
  ['4.2.1', 'Connection with Upgrade first and no blanks', 'Connection: Upgrade,keep-alive', '101'],
  ['4.2.1', 'Connection with many blanks and empty tokens', 'Connection: ,\t, keep-alive  ,   Upgrade ,', '101'],
  ['4.2.1', 'two Connections', 'Connection: keep-alive ; + Connection: Upgrade', '101'],
  ['4.2.1', 'Connection without Upgrade', 'Connection: keep-alive', '400'],
  ['4.2.1', 'Connection with what contains the word', 'Connection: Upgrades', '400'],
  ['4.2.1', 'an empty Connection', 'Connection:', '400'],
  ['4.2.1', 'no Connection', '- Connection', '400'],

  ['4.2.1', 'names in small letters', '- Upgrade ; + upgrade: websocket ; - Sec-WebSocket-Key ; + sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==', '101'],
  ['4.2.1', 'names in capitals', '- Sec-WebSocket-Key ; + SEC-WEBSOCKET-KEY: AAAAAAAAAAAAAAAAAAAAAA==', '101'],
  ['4.2.1', 'no blank behind the colon', '- Sec-WebSocket-Version ; + Sec-WebSocket-Version:13', '101'],
  ['4.2.1', 'blanks around a value', 'Sec-WebSocket-Version:  \t13  ', '101'],
  ['4.2.1', 'another order', '- Host ; - Upgrade ; + Upgrade: websocket ; + Host: example.com', '101'],

  ['4.2.1', 'another key', 'Sec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==', '101'],
  ['4.2.1', 'a key with all of base64', 'Sec-WebSocket-Key: +/09azAZ+/09azAZ+/09aw==', '101'],
  ['4.2.1', 'no key', '- Sec-WebSocket-Key', '400'],
  ['4.2.1', 'an empty key', 'Sec-WebSocket-Key:', '400'],
  ['4.2.1', 'a key of 15 bytes', 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAA', '400'],
  ['4.2.1', 'a key of 17 bytes', 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAAA=', '400'],
  ['4.2.1', 'a key of 18 bytes', 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAAAA', '400'],
  ['4.2.1', 'a key of 16 bytes without its end', 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA', '400'],
  ['4.2.1', 'a key of 24 letters that are no base64', 'Sec-WebSocket-Key: AAAAAAAAAA!AAAAAAAAAAA==', '400'],
  ['4.2.1', 'a key in the other base64', 'Sec-WebSocket-Key: AAAAAAAAAA-_AAAAAAAAAA==', '400'],
  ['11.3.1', 'two keys', '+ Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==', '400'],
  ['11.3.1', 'twice the same key', '+ Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', '400'],

  ...['7', '8', '0', '12', '14', '113', '255', '256', '-13', '013', '+13', '13.0', '13, 8', '8, 13', 'thirteen'].map((version) =>
    ['4.4', `version ${version}`, `Sec-WebSocket-Version: ${version}`, WRONG_VERSION]),
  ['4.4', 'an empty version', 'Sec-WebSocket-Version:', WRONG_VERSION],
  ['4.4', 'no version', '- Sec-WebSocket-Version', WRONG_VERSION],
  ['11.3.5', 'two versions', '+ Sec-WebSocket-Version: 8', WRONG_VERSION],
  ['11.3.5', 'twice the same version', '+ Sec-WebSocket-Version: 13', WRONG_VERSION],

  ['4.2.2', 'a sub-protocol is asked for', '+ Sec-WebSocket-Protocol: bayeux', '101'],
  ['4.2.2', 'some sub-protocols are asked for', '+ Sec-WebSocket-Protocol: chat, superchat ; + Sec-WebSocket-Protocol: bayeux', '101'],
  ['9.1', 'an unknown extension is asked for', '+ Sec-WebSocket-Extensions: x-mine; a=1; b="two"', '101'],
  ['9.1', 'deflate is asked for where it is not on', '+ Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits', '101'],
  ['9.1', 'many extensions are asked for', '+ Sec-WebSocket-Extensions: a, b, c ; + Sec-WebSocket-Extensions: d', '101'],

  ['4.2.1', 'an origin', '+ Origin: http://example.com', '101'],
  ['4.2.1', 'the origin of no page', '+ Origin: null', '101'],
  ['4.2.1', 'cookies, credentials and fields of others', '+ Cookie: a=b; c ; + Authorization: Basic eDp5 ; + X-Mine: 1', '101'],

  ['4.1', 'a length of nothing', '+ Content-Length: 0', '101'],
  ['4.1', 'a body', '+ Content-Length: 5', '400'],
  ['4.1', 'a body in chunks', '+ Transfer-Encoding: chunked', '400'],
];
