import type { Database } from '../../db/database';
import { systemStatement, withSystem, type Statement, type Transaction } from '../../db/scope';
import { seal, unseal } from '../../lib/secrets';
import type { AuditOrigin } from '../audit/record';
import type { Refused } from './check-password';
import { clearFailures, takeTry } from './login-failures';
import { useRecoveryCode } from './recovery-codes';
import { newTotpSecret, stepOf } from './totp';
import { recordWrongTry } from './wrong-try';

/** A code of the person's device, or one of those kept for when it is lost. */
export type Factor = { code: string } | { recoveryCode: string };

/** Bound into the ciphertext: a secret copied to another person's row does not open there. */
const contextOf = (userId: string) => `two-factor:${userId}`;

const SET_UP: Statement = {
  name: 'two-factor-set-up',
  text: `insert into two_factor_secrets (user_id, secret)
         select id, $2 from users where id = $1 and two_factor_enabled_at is null
         on conflict (user_id) do update set secret = excluded.secret, last_step = 0, created_at = now()
         returning 1`,
};
const READ: Statement = {
  name: 'two-factor-read',
  text: `select secret from two_factor_secrets where user_id = $1`,
};
const USE_STEP: Statement = {
  name: 'two-factor-use-step',
  // Of two at once the second waits for the first's commit, and finds the step used.
  text: `update two_factor_secrets set last_step = $2 where user_id = $1 and last_step < $2 returning 1`,
};

/**
 * A new secret, not yet on, in place of one that was not yet on. Across tenants, as all here: it is the person's.
 * @returns undefined where a second factor is on already
 */
export async function setUpTwoFactor(
  db: Database,
  userId: string,
  keys: readonly string[],
): Promise<string | undefined> {
  const secret = newTotpSecret();
  const sealed = seal(secret, keys, contextOf(userId));
  const done = await systemStatement(db, SET_UP, [userId, sealed]);
  return done.length > 0 ? secret : undefined;
}

/**
 * Whether this is the person's second factor now, and uses it up: of two who bring the same at once, one is right.
 * Counts nothing; see {@link checkFactor}.
 */
export async function useFactor(
  tx: Transaction,
  userId: string,
  factor: Factor,
  keys: readonly string[],
): Promise<boolean> {
  if ('recoveryCode' in factor) return useRecoveryCode(tx, userId, factor.recoveryCode);
  const [row] = await tx.query<{ secret: string }>(READ, [userId]);
  if (!row) return false;
  const step = stepOf(factor.code, unseal(row.secret, keys, contextOf(userId)));
  if (step === undefined) return false;
  return (await tx.query(USE_STEP, [userId, step])).length > 0;
}

export interface FactorCheck {
  person: { id: string; email: string };
  factor: Factor;
  /** ENCRYPTION_KEYS, newest first. */
  keys: readonly string[];
  origin: AuditOrigin;
}

/**
 * Checks a second factor as a password is checked: counted first, against the same lock. `then` runs in the
 * transaction that used it up; `undefined` from it says that what it was for is gone.
 */
export async function checkFactor<T>(
  db: Database,
  { person, factor, keys, origin }: FactorCheck,
  then: (tx: Transaction) => Promise<T | undefined>,
): Promise<{ kind: 'right'; value: T | undefined } | Refused> {
  const taken = await takeTry(db, person.email);
  if (!taken.allowed) return { kind: 'locked', lockedSeconds: taken.lockedSeconds };
  const outcome = await withSystem(db, async (tx) => {
    if (!(await useFactor(tx, person.id, factor, keys))) return undefined;
    await clearFailures(tx, person.email);
    return { value: await then(tx) };
  });
  if (outcome) return { kind: 'right', value: outcome.value };
  const { isLast } = taken;
  return {
    kind: 'wrong',
    mailId: await recordWrongTry(db, { person, isLast, reason: 'wrong_code', origin }),
  };
}
