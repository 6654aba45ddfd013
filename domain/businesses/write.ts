import type { Knex } from 'knex';
import { becomeSystem, type Statement } from '../../db/scope';
import { trxStatement } from '../../db/trx-statement';
import { newId } from '../../lib/ids';
import { recordAudit, type AuditOrigin } from '../audit/record';
import type { BusinessRow, BusinessSettingsRow } from '../presenters/people';
import { SETTINGS_COLUMNS } from './columns';

const CREATE: Statement = {
  name: 'businesses-create',
  text: `insert into businesses as b (id, name, timezone, locale) values ($1, $2, $3, $4)
         returning b.id, b.name, b.timezone, b.locale`,
};
const ADD_ADMIN: Statement = {
  name: 'businesses-add-admin',
  text: `insert into memberships (id, business_id, user_id, role) values ($1, $2, $3, 'admin')`,
};

/**
 * A new business of which the person is the admin. Goes on in the system's role: the transaction is one of the
 * business that they were in.
 */
export async function createBusiness(
  trx: Knex.Transaction,
  userId: string,
  origin: AuditOrigin,
  input: { name: string; timezone: string; locale: string },
): Promise<BusinessRow> {
  await becomeSystem(trx);
  const [business] = await trxStatement<BusinessRow & object>(trx, CREATE, [
    newId(),
    input.name,
    input.timezone,
    input.locale,
  ]);
  if (!business) throw new Error('The business was not made.');
  await trxStatement(trx, ADD_ADMIN, [newId(), business.id, userId]);
  await recordAudit(
    trx,
    { ...origin, businessId: business.id },
    { action: 'business.created', subject: { kind: 'business', id: business.id }, after: business },
  );
  return business;
}

const LOCK: Statement = {
  name: 'business-lock',
  text: `select ${SETTINGS_COLUMNS} from businesses b where b.id = $1 for no key update`,
};
const UPDATE: Statement = {
  name: 'business-update',
  text: `update businesses b set name = $2, timezone = $3, locale = $4, conversation_retention_days = $5,
                chats_per_minute = $6, chats_per_hour = $7, chats_per_day = $8, updated_at = now()
          where b.id = $1 returning ${SETTINGS_COLUMNS}`,
};

export type BusinessChanges = Partial<Omit<BusinessSettingsRow, 'id' | 'version'>>;

/** @returns undefined where `version` is no longer its version */
export async function updateBusiness(
  trx: Knex.Transaction,
  businessId: string,
  origin: AuditOrigin,
  version: number | undefined,
  changes: BusinessChanges,
): Promise<BusinessSettingsRow | undefined> {
  const [before] = await trxStatement<BusinessSettingsRow & object>(trx, LOCK, [businessId]);
  if (!before || (version !== undefined && version !== before.version)) return undefined;
  const wanted = { ...before, ...changes };
  const [after] = await trxStatement<BusinessSettingsRow & object>(trx, UPDATE, [
    businessId,
    wanted.name,
    wanted.timezone,
    wanted.locale,
    wanted.conversationRetentionDays,
    wanted.chatsPerMinute,
    wanted.chatsPerHour,
    wanted.chatsPerDay,
  ]);
  await recordAudit(trx, origin, {
    action: 'business.updated',
    subject: { kind: 'business', id: businessId },
    before,
    after,
  });
  return after;
}
