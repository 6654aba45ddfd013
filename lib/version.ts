import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The nearest package.json above this file: one folder up from the sources, two from dist. */
function findPackage(directory: string): string | undefined {
  const path = join(directory, 'package.json');
  if (existsSync(path)) return path;
  const parent = dirname(directory);
  return parent === directory ? undefined : findPackage(parent);
}

function readVersion(): string {
  const path = findPackage(__dirname);
  const { version } = path ? (JSON.parse(readFileSync(path, 'utf8')) as { version?: string }) : {};
  return version ?? 'unknown';
}

/** The running release, as package.json names it. */
export const VERSION = readVersion();
