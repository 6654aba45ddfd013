import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PROJECT } from './project.mjs';

/**
 * Runs `work` while no other process of this checkout does: two starts at once would install over each other.
 * The lock is a listening socket, which the kernel closes with its process, however that ends; whoever waits
 * stays connected to it and sees that as it happens. On Linux its name is abstract, so no file goes stale.
 */
export async function withLock(work) {
  const hash = createHash('sha256').update(PROJECT).digest('hex').slice(0, 24);
  const path =
    process.platform === 'linux'
      ? `\0liveboard-prepare-${hash}`
      : join(tmpdir(), `liveboard-prepare-${hash}.sock`);
  let server;
  while (!(server = await tryListen(path))) await ownerGone(path);
  try {
    return await work();
  } finally {
    server.destroyAll();
  }
}

function tryListen(path) {
  return new Promise((resolve, reject) => {
    const waiting = new Set();
    const server = createServer((socket) => {
      waiting.add(socket);
      socket.on('error', () => undefined).on('close', () => waiting.delete(socket));
    });
    server.destroyAll = () => {
      server.close();
      for (const socket of waiting) socket.destroy();
    };
    server.once('error', (error) => (error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error)));
    server.listen({ path }, () => resolve(server));
  });
}

function ownerGone(path) {
  return new Promise((resolve) => {
    const socket = createConnection({ path });
    socket.on('error', (error) => {
      if (error.code === 'ECONNREFUSED' && !path.startsWith('\0')) rmSync(path, { force: true });
    });
    socket.on('close', resolve).resume();
  });
}
