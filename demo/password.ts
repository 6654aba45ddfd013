import { randomInt } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { secretFile } from '../lib/secret-file';

/** Crockford's base32: no letter that is taken for a digit. 16 of them are 80 bits. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const GROUPS = 4;
const GROUP_LENGTH = 4;

const pathIn = (dataDir: string) => join(dataDir, 'demo.password');

/**
 * The password of the demo's people: random for each installation, because the server listens on every address,
 * and kept beside the data, so that every start prints the same.
 */
export const demoPassword = (dataDir: string): string => secretFile(pathIn(dataDir), makePassword);

/** undefined where no demo was started with this data folder. */
export const readDemoPassword = (dataDir: string): string | undefined =>
  existsSync(pathIn(dataDir)) ? readFileSync(pathIn(dataDir), 'utf8') : undefined;

function makePassword(): string {
  const letter = () => ALPHABET[randomInt(ALPHABET.length)];
  const group = () => Array.from({ length: GROUP_LENGTH }, letter).join('');
  return Array.from({ length: GROUPS }, group).join('-');
}
