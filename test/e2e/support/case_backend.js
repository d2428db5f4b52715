// Answers every request and writes down which there were, one JSON object a line: those read to
// their end, and those that Node.js refused ("refused": what it had of it).
'use strict';
const http = require('http');

const tell = (what) => console.log(JSON.stringify(what));

const server = http.createServer((request, response) => {
  const seen = {
    client: request.headers['x-forwarded-for'], method: request.method, target: request.url,
  };
  request.on('data', () => {});
  request.on('end', () => {
    tell(seen);
    response.end();
  });
  request.on('error', () => {});
});
server.on('clientError', (error, socket) => {
  if (error.rawPacket) tell({ refused: error.rawPacket.toString('latin1') });
  if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
});
server.requestTimeout = 0;
server.listen(0, '127.0.0.1', () => tell({ port: server.address().port }));
