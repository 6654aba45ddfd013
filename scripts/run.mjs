// node scripts/run.mjs <entry>: prepares the project and runs dist/<entry>.js in this process. An entry exports
// `run()`, which lib/process.ts describes.
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { join } from 'node:path';
import { fail, PROJECT } from './project.mjs';
import { prepare } from './prepare.mjs';

export async function runEntry(entry) {
  await prepare();
  createRequire(import.meta.url)(join(PROJECT, 'dist', `${entry}.js`)).run();
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const entry = process.argv[2];
  if (!entry) fail('Which entry? For example: node scripts/run.mjs server/main');
  await runEntry(entry);
}
