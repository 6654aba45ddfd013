// What `npm start` and `npm test` need before anything of ours runs: packages and compiled code. Plain Node,
// because there may be nothing else yet. Quick when nothing changed.
import { build, isBuilt } from './compile.mjs';
import { install, isInstalled } from './install.mjs';
import { withLock } from './lock.mjs';
import { fail } from './project.mjs';

const OLDEST_NODE = [20, 19];

/** Ends the process with one line where it can't be done. */
export async function prepare() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])) {
    fail(`Node.js ${OLDEST_NODE.join('.')} or newer is needed, and this is ${process.versions.node}.`);
  }
  if (isInstalled() && isBuilt()) return;
  try {
    await withLock(async () => {
      if (!isInstalled()) await install();
      if (!isBuilt()) await build();
    });
  } catch (error) {
    if (error.code === 'ENOSPC') fail('The disk is full.');
    if (error.code === 'EACCES' || error.code === 'EROFS')
      fail(`The project's folder can't be written to: ${error.message}`);
    throw error;
  }
}
