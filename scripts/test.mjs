// npm test: packages, compiled code (some tests start real processes of it), then jest with every argument.
import { join } from 'node:path';
import { runChild } from './child.mjs';
import { prepare } from './prepare.mjs';
import { PROJECT } from './project.mjs';

await prepare();
const jest = join(PROJECT, 'node_modules', 'jest', 'bin', 'jest.js');
const { code } = await runChild(process.execPath, [jest, ...process.argv.slice(2)], {
  cwd: PROJECT,
  env: { ...process.env, NODE_ENV: 'test' },
  show: true,
});
process.exit(code);
