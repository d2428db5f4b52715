// Node.js as a client for handshakes only: JSON on stdin says which, JSON on stdout what came of
// each, in order; null: it failed.
//   [{port, name, ...options of tls.connect()}]
'use strict';
const fs = require('fs');
const tls = require('tls');

function shake({ port, name, ...options }) {
  return new Promise((resolve) => {
    const socket = tls.connect({
      host: '127.0.0.1', port, servername: name, rejectUnauthorized: false, ...options,
    }, () => {
      resolve({
        version: socket.getProtocol(),
        cipher_suite: socket.getCipher().standardName,
        group: socket.getEphemeralKeyInfo().name,
        certificate: socket.getPeerCertificate().fingerprint256.replaceAll(':', '').toLowerCase(),
        alpn: socket.alpnProtocol || null,
      });
      socket.destroy();
    });
    socket.on('error', () => resolve(null));
  });
}

Promise.all(JSON.parse(fs.readFileSync(0)).map(shake)).then((reports) => {
  console.log(JSON.stringify(reports));
});
