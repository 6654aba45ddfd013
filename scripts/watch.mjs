// npm run dev: compiles on every change and restarts the app when its code changed.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { prepare } from './prepare.mjs';
import { PROJECT } from './project.mjs';

await prepare();
const compiler = join(PROJECT, 'node_modules', 'typescript', 'bin', 'tsc');
const options = { cwd: PROJECT, stdio: 'inherit' };
const children = [
  spawn(process.execPath, [compiler, '-p', PROJECT, '--watch', '--preserveWatchOutput'], options),
  spawn(process.execPath, ['--watch', '--watch-preserve-output', join(PROJECT, 'dist', 'start.js')], options),
];
let ending = false;
const end = () => {
  if (ending) return;
  ending = true;
  for (const child of children) child.kill('SIGTERM');
};
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, end);
// One without the other is of no use.
for (const child of children) child.once('exit', end);
