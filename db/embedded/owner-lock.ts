import { createHash } from 'node:crypto';
import { realpathSync, rmSync } from 'node:fs';
import { createConnection, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StartupError } from '../../lib/errors';

/** A Unix socket's path has 104 (macOS) to 108 (Linux) bytes, the ending zero included. */
const SOCKET_PATH_LIMIT = 103;

/** How long the owner may take to say its process id, ms. Only the wording of the error depends on it. */
const ANSWER_LIMIT_MS = 1_000;

export interface OwnerLock {
  release(): Promise<void>;
}

/**
 * Makes this process the only owner of a data folder, until it releases it or dies in whatever way.
 *
 * The lock is a listening socket, because the kernel lets go of one at the very moment its process ends; a
 * file with a process id would outlive a kill and lie once the id is used again. On Linux an abstract name is
 * bound first: that has no file to go stale, so two starts can't both take over what a killed one left. The
 * socket in the folder is seen by containers that share nothing but the volume.
 * @throws StartupError where another process owns the folder
 */
export async function lockDataDir(dataDir: string): Promise<OwnerLock> {
  const held: Server[] = [];
  const release = async () => {
    await Promise.all(held.map((server) => new Promise((resolve) => server.close(resolve))));
  };
  const hash = createHash('sha256').update(realpathSync(dataDir)).digest('hex').slice(0, 24);
  try {
    const inFolder = join(dataDir, 'owner.sock');
    const path =
      Buffer.byteLength(inFolder) <= SOCKET_PATH_LIMIT ? inFolder : join(tmpdir(), `liveboard-${hash}.sock`);
    if (process.platform === 'linux') held.push(await bindOrRefuse(`\0liveboard-${hash}`, dataDir));
    if ((await ownerAnswer(path)) === 'nobody') rmSync(path, { force: true });
    held.push(await bindOrRefuse(path, dataDir));
    return { release };
  } catch (error) {
    await release();
    throw error;
  }
}

async function bindOrRefuse(path: string, dataDir: string): Promise<Server> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined); // Whoever asked may be gone before the answer.
    socket.end(String(process.pid));
  });
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen({ path }, resolve);
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    const answer = await ownerAnswer(path);
    const who = /^\d+$/.test(answer) ? `process ${answer}` : 'another process';
    throw new StartupError(
      `The data in ${dataDir} is in use by ${who}. Stop it, or set DATA_DIR to another folder.`,
    );
  }
  // The lock alone is no reason for the process to stay.
  return server.unref();
}

/** The owner's process id, `nobody` where no process listens, '' where one listens and doesn't answer. */
function ownerAnswer(path: string): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = createConnection({ path }).setTimeout(ANSWER_LIMIT_MS);
    socket.on('data', (chunk) => (answer += chunk.toString()));
    socket.on('end', () => resolve(answer));
    socket.on('timeout', () => {
      socket.destroy();
      resolve(answer);
    });
    socket.on('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code === 'ECONNREFUSED' || error.code === 'ENOENT' ? 'nobody' : ''),
    );
  });
}
