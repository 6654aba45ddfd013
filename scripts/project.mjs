import { realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The project's folder, whatever the working directory is. */
export const PROJECT = realpathSync(join(dirname(fileURLToPath(import.meta.url)), '..'));

/** Ends the process with one line, as lib/process.ts does for the app's own StartupError. */
export function fail(message) {
  process.stderr.write(`liveboard: ${message}\n`);
  process.exit(1);
}
