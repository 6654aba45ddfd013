import { createHash } from 'node:crypto';
import type { Database } from '../../db/database';
import { systemStatement, type Statement, type Transaction } from '../../db/scope';

/** Wrong tries in a row that lock an address. */
export const TRIES_BEFORE_LOCK = 5;
/** How long the first lock lasts, minutes; each further one twice as long as the one before. */
const FIRST_LOCK_MINUTES = 15;
const LONGEST_LOCK_MINUTES = 24 * 60;
/** 15 min doubled seven times is more than a day. A bound for the exponent, so that it can't overflow. */
const MOST_DOUBLINGS = 7;
/** After this long without a try an address is forgotten, hours: longer than any lock. */
const FORGOTTEN_HOURS = 48;

/** Whether an address has an account is never asked here. */
const hashOf = (email: string): Buffer => createHash('sha256').update(email.toLowerCase()).digest();

// A lock that ran out starts the count anew. Counting goes on while it lasts, up to a bound: what is beyond the
// fifth is refused, and the fifth itself is the last that is looked at.
const TAKE: Statement = {
  name: 'login-failures-take',
  text: `with forgotten as (
           delete from login_failures where address_hash in (
             select address_hash from login_failures
              where tried_at < now() - interval '${FORGOTTEN_HOURS} hours' and address_hash <> $1
              limit 10 for update skip locked)
         )
         insert into login_failures as f (address_hash, failures) values ($1, 1)
         on conflict (address_hash) do update set
           failures = case when f.locked_until <= now() then 1 else least(f.failures + 1, 1000) end,
           locks = f.locks + case when f.failures = ${TRIES_BEFORE_LOCK - 1} then 1 else 0 end,
           locked_until = case
             when f.failures = ${TRIES_BEFORE_LOCK - 1} then now() + least(
               ${FIRST_LOCK_MINUTES} * 2 ^ least(f.locks, ${MOST_DOUBLINGS}), ${LONGEST_LOCK_MINUTES}) * interval '1 minute'
             when f.locked_until <= now() then null
             else f.locked_until end,
           tried_at = now()
         returning failures, ceil(extract(epoch from locked_until - clock_timestamp()))::int as "lockedSeconds"`,
};
const GIVE_BACK: Statement = {
  name: 'login-failures-give-back',
  text: `update login_failures set failures = failures - 1,
           locks = locks - case when failures = ${TRIES_BEFORE_LOCK} then 1 else 0 end,
           locked_until = case when failures = ${TRIES_BEFORE_LOCK} then null else locked_until end
          where address_hash = $1 and failures > 0`,
};
const CLEAR: Statement = {
  name: 'login-failures-clear',
  text: `delete from login_failures where address_hash = $1`,
};

export type Try =
  | {
      allowed: true;
      /** If this one is wrong, too, the address is locked. */
      isLast: boolean;
    }
  | { allowed: false; lockedSeconds: number };

/**
 * Counts a try before anything of it is looked at, so that however many come at once, {@link TRIES_BEFORE_LOCK} of
 * them are. A right one gives it back or clears the count. Across tenants: a login knows none yet.
 */
export async function takeTry(db: Database, email: string): Promise<Try> {
  const [row] = await systemStatement<{ failures: number; lockedSeconds: number | null }>(db, TAKE, [
    hashOf(email),
  ]);
  const { failures = 1, lockedSeconds } = row ?? {};
  if (failures > TRIES_BEFORE_LOCK) return { allowed: false, lockedSeconds: Math.max(1, lockedSeconds ?? 1) };
  return { allowed: true, isLast: failures === TRIES_BEFORE_LOCK };
}

/** The password was right and a second factor is awaited: the try is not counted, what was wrong before still is. */
export const giveTryBack = (tx: Transaction, email: string): Promise<unknown> =>
  tx.query(GIVE_BACK, [hashOf(email)]);

/** Somebody proved to be the owner, by logging in or by a mailed link: the count and its locks are gone. */
export const clearFailures = (tx: Transaction, email: string): Promise<unknown> =>
  tx.query(CLEAR, [hashOf(email)]);
