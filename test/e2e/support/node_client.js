// Node.js as a client: JSON on stdin says what to ask, JSON on stdout tells what came.
//   {port, ca, server_name, connections, versions: {minVersion, maxVersion}, requests: [...]}
//   request: {path, method, body, headers}      answer: {status, body, version}
'use strict';
const fs = require('fs');
const https = require('https');

const task = JSON.parse(fs.readFileSync(0));
const agent = new https.Agent({
  keepAlive: true,
  maxSockets: task.connections || 1,
  ca: fs.readFileSync(task.ca),
  servername: task.server_name,
  ...task.versions,
});

function ask({ path, method, body, headers }) {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port: task.port, agent, path, method };
    const request = https.request({
      ...options, headers: { Host: task.server_name, ...headers },
    }, (response) => {
      const parts = [];
      const version = response.socket.getProtocol();
      response.on('data', (part) => parts.push(part));
      response.on('end', () => resolve({
        status: response.statusCode,
        body: Buffer.concat(parts).toString('base64'),
        version,
      }));
      response.on('error', reject);
    });
    request.on('error', reject);
    request.end(body ? Buffer.from(body, 'base64') : undefined);
  });
}

Promise.all(task.requests.map(ask)).then((answers) => {
  console.log(JSON.stringify(answers));
  agent.destroy();
}, (error) => {
  console.error(error);
  process.exit(1);
});
