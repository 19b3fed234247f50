/** Runs the Kinesis engine in a process of its own. Started by `startEngines`, never imported. */
import { createRequire } from 'node:module';
import net, { type AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { followParent, requestedPort, tellParent } from './engine-child.ts';

followParent();

const require = createRequire(import.meta.url);
const engine = require.resolve('kinesis-local/main.js');

// Names for the engine's two servers rather than ports: nothing ever listens there.
const plainPort = 2;
const tlsPort = 1;

Object.assign(process.env, {
  KINESIS_MOCK_PLAIN_PORT: String(plainPort),
  KINESIS_MOCK_TLS_PORT: String(tlsPort),
  KINESIS_MOCK_CERT_PATH: join(dirname(engine), 'server.json'),
  LOG_LEVEL: 'ERROR',
  ROOT_LOG_LEVEL: 'ERROR',
  SHOULD_PERSIST_DATA: 'false',
  SHARD_LIMIT: '1000',
  CREATE_STREAM_DURATION: '20ms',
  DELETE_STREAM_DURATION: '20ms',
  SPLIT_SHARD_DURATION: '20ms',
  MERGE_SHARDS_DURATION: '20ms',
  UPDATE_SHARD_COUNT_DURATION: '20ms',
});

// The engine listens on all interfaces and on fixed ports, and has no setting for the address.
const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function (this: net.Server, ...given: unknown[]): net.Server {
  const plain = given[0] === plainPort;
  const done = given.find((argument) => typeof argument === 'function') as (() => void) | undefined;
  const port = plain ? requestedPort() : 0;
  if (plain) {
    this.once('listening', () => tellParent({ kind: 'listening', port: (this.address() as AddressInfo).port }));
    this.prependListener('error', (error: NodeJS.ErrnoException) =>
      tellParent({ kind: 'failed', code: error.code, message: error.message }),
    );
  }
  return listen.call(this, { host: '127.0.0.1', port }, done);
} as typeof listen;

require(engine);
