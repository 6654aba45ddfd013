import { createHash, randomInt } from 'node:crypto';
import type { Statement, Transaction } from '../../db/scope';

export const RECOVERY_CODES = 10;
/** Crockford's base32: no letter that is taken for a digit. 16 of them are 80 bits, so a plain hash is enough. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const GROUPS = 4;
const GROUP_LENGTH = 4;

const REPLACE: Statement = {
  name: 'recovery-codes-replace',
  text: `with gone as (delete from recovery_codes where user_id = $1)
         insert into recovery_codes (user_id, code_hash) select $1, unnest($2::bytea[])`,
};
const USE: Statement = {
  name: 'recovery-codes-use',
  text: `update recovery_codes set used_at = now() where user_id = $1 and code_hash = $2 and used_at is null
         returning 1`,
};

/** As people type them: with or without hyphens and blanks, in either case. */
const hashOf = (code: string): Buffer =>
  createHash('sha256').update(code.toLowerCase().replaceAll(/[\s-]/g, '')).digest();

function makeCode(): string {
  const letter = () => ALPHABET[randomInt(ALPHABET.length)];
  const group = () => Array.from({ length: GROUP_LENGTH }, letter).join('');
  return Array.from({ length: GROUPS }, group).join('-');
}

/** New codes in place of all older ones. What is returned is shown once: only hashes are kept. */
export async function replaceRecoveryCodes(tx: Transaction, userId: string): Promise<string[]> {
  const codes = Array.from({ length: RECOVERY_CODES }, makeCode);
  await tx.query(REPLACE, [userId, codes.map(hashOf)]);
  return codes;
}

/** Takes a code that was not used yet; of two who bring the same at once, one. */
export async function useRecoveryCode(tx: Transaction, userId: string, code: string): Promise<boolean> {
  return (await tx.query(USE, [userId, hashOf(code)])).length > 0;
}
