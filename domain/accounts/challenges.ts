import type { Database } from '../../db/database';
import { systemStatement, type Statement, type Transaction } from '../../db/scope';
import { newId } from '../../lib/ids';
import type { Refused } from './check-password';
import { checkFactor, type FactorCheck } from './two-factor';

/** How long a login may wait for its second factor, minutes. */
export const CHALLENGE_MINUTES = 5;
/** Codes that may be tried with one of them; the lock of the address counts beside it. */
const MOST_TRIES = 5;

const OPEN: Statement = {
  name: 'login-challenges-open',
  // Each clears away a few that ran out, so that those of people who never came back don't gather.
  text: `with gone as (
           delete from login_challenges where id in (
             select id from login_challenges where expires_at < now() - interval '1 hour'
              limit 10 for update skip locked)
         )
         insert into login_challenges (id, user_id, expires_at)
         values ($1, $2, now() + interval '${CHALLENGE_MINUTES} minutes')`,
};
const TRY: Statement = {
  name: 'login-challenges-try',
  text: `update login_challenges c set tries = tries + 1 from users u
          where c.id = $1 and c.used_at is null and c.expires_at > now() and c.tries < ${MOST_TRIES}
            and u.id = c.user_id
         returning u.id, u.email`,
};
const USE: Statement = {
  name: 'login-challenges-use',
  text: `update login_challenges set used_at = now() where id = $1 and used_at is null returning 1`,
};

/** A login whose password was right waits for its second factor. Needs a system transaction. @returns its id */
export async function openChallenge(tx: Transaction, userId: string): Promise<string> {
  const id = newId();
  await tx.query(OPEN, [id, userId]);
  return id;
}

/** `gone`: it ran out, was used, had too many tries, or the password was changed since. */
export type Completed<T> = { kind: 'right'; value: T } | Refused | { kind: 'gone' };

/**
 * The second step of a login: uses up the challenge and the factor, and does `then` in the same transaction. Across
 * tenants: a login knows none yet.
 */
export async function completeChallenge<T>(
  db: Database,
  challengeId: string,
  check: Omit<FactorCheck, 'person'>,
  then: (tx: Transaction, userId: string) => Promise<T>,
): Promise<Completed<T>> {
  const [person] = await systemStatement<{ id: string; email: string }>(db, TRY, [challengeId]);
  if (!person) return { kind: 'gone' };
  const checked = await checkFactor(db, { ...check, person }, async (tx) => {
    const used = await tx.query(USE, [challengeId]);
    return used.length > 0 ? { done: await then(tx, person.id) } : undefined;
  });
  if (checked.kind !== 'right') return checked;
  return checked.value ? { kind: 'right', value: checked.value.done } : { kind: 'gone' };
}
