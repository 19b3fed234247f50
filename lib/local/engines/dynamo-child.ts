/** Runs the DynamoDB engine in a process of its own. Started by `startEngines`, never imported. */
import type { Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { followParent, requestedPort, tellParent } from './engine-child.ts';

followParent();

/** What is used of a package that has no types. */
type Dynalite = (options: { createTableMs: number; deleteTableMs: number; updateTableMs: number }) => Server;

const dynalite = createRequire(import.meta.url)('dynalite') as Dynalite;
const server = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });

server.on('error', (error: NodeJS.ErrnoException) =>
  tellParent({ kind: 'failed', code: error.code, message: error.message }),
);
server.listen(requestedPort(), '127.0.0.1', () => {
  tellParent({ kind: 'listening', port: (server.address() as AddressInfo).port });
});
