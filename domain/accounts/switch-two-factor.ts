import type { Database } from '../../db/database';
import { withSystem, type Statement, type Transaction } from '../../db/scope';
import { recordAudit, type AuditOrigin } from '../audit/record';
import { queueMail } from '../mail/queue-mail';
import type { Refused } from './check-password';
import { replaceRecoveryCodes } from './recovery-codes';
import { revokeSessions, type EndedSessions } from './revoke';
import { checkFactor, useFactor, type Factor, type FactorCheck } from './two-factor';

const ENABLE: Statement = {
  name: 'two-factor-enable',
  text: `update users set two_factor_enabled_at = now(), updated_at = now()
          where id = $1 and two_factor_enabled_at is null
            and exists (select from two_factor_secrets where user_id = $1) returning 1`,
};
const DISABLE: Statement = {
  name: 'two-factor-disable',
  text: `update users set two_factor_enabled_at = null, updated_at = now()
          where id = $1 and two_factor_enabled_at is not null returning 1`,
};
const FORGET: Statement = {
  name: 'two-factor-forget',
  text: `with codes as (delete from recovery_codes where user_id = $1)
         delete from two_factor_secrets where user_id = $1`,
};

/** What a change of the second factor leaves to be announced after its commit. */
export interface TwoFactorChanged {
  sessionIds: EndedSessions;
  mailId: string;
}

interface Change {
  person: { id: string; email: string };
  /** The session that asked goes on; the person's others end. */
  sessionId: string;
  origin: AuditOrigin;
}

/** Thrown in a transaction to take it back. */
class WrongCode extends Error {}

export type Enabled =
  ({ kind: 'on'; recoveryCodes: string[] } & TwoFactorChanged) | { kind: 'not set up' } | { kind: 'wrong' };

/**
 * Turns on what was set up, once a code shows that the person's device has it. Across tenants, as all here: a second
 * factor is the person's.
 */
export async function enableTwoFactor(
  db: Database,
  { person, sessionId, origin }: Change,
  code: string,
  keys: readonly string[],
): Promise<Enabled> {
  try {
    return await withSystem<Enabled>(db, async (tx) => {
      if ((await tx.query(ENABLE, [person.id])).length === 0) return { kind: 'not set up' };
      if (!(await useFactor(tx, person.id, { code }, keys))) throw new WrongCode();
      const recoveryCodes = await replaceRecoveryCodes(tx, person.id);
      return { kind: 'on', recoveryCodes, ...(await changed(tx, { person, sessionId, origin }, 'enabled')) };
    });
  } catch (error) {
    if (error instanceof WrongCode) return { kind: 'wrong' };
    throw error;
  }
}

/** Turns it off and forgets its secret and codes. `value` is undefined where it is off already. */
export const disableTwoFactor = (
  db: Database,
  { person, sessionId, origin }: Change,
  factor: Factor,
  keys: readonly string[],
): Promise<{ kind: 'right'; value: TwoFactorChanged | undefined } | Refused> =>
  checkFactor(db, { person, factor, keys, origin }, async (tx) => {
    if ((await tx.query(DISABLE, [person.id])).length === 0) return undefined;
    await tx.query(FORGET, [person.id]);
    return changed(tx, { person, sessionId, origin }, 'disabled');
  });

/** New recovery codes in place of the older ones. */
export const renewRecoveryCodes = (
  db: Database,
  check: FactorCheck,
): Promise<{ kind: 'right'; value: string[] | undefined } | Refused> =>
  checkFactor(db, check, async (tx) => {
    const subject = { kind: 'user', id: check.person.id } as const;
    await recordAudit(tx, check.origin, { action: 'two_factor.codes_renewed', subject });
    return replaceRecoveryCodes(tx, check.person.id);
  });

async function changed(
  tx: Transaction,
  { person, sessionId, origin }: Change,
  what: 'enabled' | 'disabled',
): Promise<TwoFactorChanged> {
  const which = { userId: person.id, except: sessionId };
  const sessionIds = await revokeSessions(tx, which, 'two_factor_changed', origin);
  const isOn = what === 'enabled';
  await recordAudit(tx, origin, {
    action: `two_factor.${what}`,
    subject: { kind: 'user', id: person.id },
    before: { twoFactorEnabled: !isOn },
    after: { twoFactorEnabled: isOn },
  });
  const { mailId } = await queueMail(tx, {
    template: 'two_factor_changed',
    recipient: person.email,
    userId: person.id,
    businessId: null,
    subjectId: null,
  });
  return { sessionIds, mailId };
}
