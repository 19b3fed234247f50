// Loaded before an engine that listens on all interfaces and has no setting for it. Ends with whoever started it, too.
const net = require('node:net');

const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function (...given) {
  const done = given.find((argument) => typeof argument === 'function');
  const port = typeof given[0] === 'object' ? given[0].port : Number(given[0]);
  return listen.call(this, { host: '127.0.0.1', port }, done);
};

const parent = process.ppid;
setInterval(() => process.ppid === parent || process.kill(process.pid, 'SIGKILL'), 1_000).unref();
