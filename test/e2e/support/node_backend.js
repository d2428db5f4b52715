// The legacy app as a Node.js server, on a port of the kernel's choice that it prints.
//   GET  /page      a page with a length and an ETag     GET /chunked  300,000 bytes in chunks
//   GET  /hints     103 Early Hints, then the page       GET /204      nothing
//   POST /echo      the body, as it comes                POST /sha256  the body's digest
//   GET  /until-close  ended by the connection's end   GET /trailers  chunks and a trailer
//   PUT  /early     413 before the body is read
//   Upgrade         a WebSocket echo
'use strict';
const { createHash } = require('crypto');
const http = require('http');

const PAGE = '<h1>A page of the legacy app</h1>\n';
const PAGE_TAG = '"page"';
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

function pattern(size) {
  const words = Buffer.alloc(8 * (Math.floor(size / 8) + 1));
  for (let at = 0; at < words.length; at += 8) words.writeBigUInt64BE(BigInt(at / 8), at);
  return words.subarray(0, size);
}

const pages = {
  '/page': (request, response) => {
    response.setHeader('ETag', PAGE_TAG);
    if (request.headers['if-none-match'] === PAGE_TAG) return response.writeHead(304).end();
    return response.setHeader('Content-Length', PAGE.length).end(PAGE);
  },
  '/hints': (request, response) => {
    response.writeEarlyHints({ link: '</style.css>; rel=preload; as=style' });
    response.end(PAGE);
  },
  '/chunked': (request, response) => {
    const long = pattern(300000);
    for (let at = 0; at < long.length; at += 7001) response.write(long.subarray(at, at + 7001));
    response.end();
  },
  '/until-close': (request, response) => {
    response.shouldKeepAlive = false;
    response.removeHeader('Transfer-Encoding');
    response.write(pattern(300000));
    response.end();
  },
  '/trailers': (request, response) => {
    response.setHeader('Trailer', 'X-Trailer');
    response.write(pattern(300000));
    response.addTrailers({ 'X-Trailer': 'late' });
    response.end();
  },
  '/early': (request, response) => {
    response.writeHead(413, { Connection: 'close' }).end('too much\n');
  },
  '/204': (request, response) => response.writeHead(204).end(),
  '/echo': (request, response) => {
    request.on('data', (part) => response.write(part));
    request.on('end', () => response.end(Object.values(request.trailers).join()));
  },
  '/sha256': (request, response) => {
    const digest = createHash('sha256');
    request.on('data', (part) => digest.update(part));
    request.on('end', () => response.end(digest.digest('hex')));
  },
};

// One frame from the start of `bytes`, or null if it is not whole yet (RFC 6455 section 5.2).
function readFrame(bytes) {
  if (bytes.length < 2) return null;
  let length = bytes[1] & 0x7f;
  let at = 2;
  if (length === 126) {
    if (bytes.length < 4) return null;
    length = bytes.readUInt16BE(2);
    at = 4;
  } else if (length === 127) {
    if (bytes.length < 10) return null;
    length = Number(bytes.readBigUInt64BE(2));
    at = 10;
  }
  if (bytes.length < at + 4 + length) return null;
  const mask = bytes.subarray(at, at + 4);
  const payload = Buffer.from(bytes.subarray(at + 4, at + 4 + length));
  for (let i = 0; i < length; i++) payload[i] ^= mask[i & 3];
  return { first: bytes[0], payload, size: at + 4 + length };
}

function writeFrame(first, payload) {
  let head;
  if (payload.length < 126) {
    head = Buffer.from([first, payload.length]);
  } else if (payload.length < 65536) {
    head = Buffer.alloc(4);
    head.writeUInt8(126, 1);
    head.writeUInt16BE(payload.length, 2);
  } else {
    head = Buffer.alloc(10);
    head.writeUInt8(127, 1);
    head.writeBigUInt64BE(BigInt(payload.length), 2);
  }
  head.writeUInt8(first, 0);
  return Buffer.concat([head, payload]);
}

function echoFrames(request, socket, head) {
  const accept = createHash('sha1')
    .update(request.headers['sec-websocket-key'] + GUID)
    .digest('base64');
  socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n' +
    `Connection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`);
  let bytes = head;
  const onData = (part) => {
    bytes = Buffer.concat([bytes, part]);
    for (let frame = readFrame(bytes); frame; frame = readFrame(bytes)) {
      bytes = bytes.subarray(frame.size);
      socket.write(writeFrame(frame.first, frame.payload));
      if ((frame.first & 0x0f) === 8) socket.end();
    }
  };
  socket.on('data', onData);
  socket.on('error', () => socket.destroy());
  onData(Buffer.alloc(0));
}

const server = http.createServer((request, response) => {
  const page = pages[request.url];
  if (page) page(request, response);
  else response.writeHead(404).end('no such page\n');
});
server.requestTimeout = 0;
server.on('upgrade', echoFrames);
server.listen(0, '127.0.0.1', () => {
  console.log(JSON.stringify({ port: server.address().port }));
});
