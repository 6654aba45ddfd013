// npm run bench: packages and compiled code, then the measurements with every argument.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { prepare } from '../scripts/prepare.mjs';
import { PROJECT } from '../scripts/project.mjs';

await prepare();
createRequire(import.meta.url)(join(PROJECT, 'dist', 'bench', 'main.js')).run();
