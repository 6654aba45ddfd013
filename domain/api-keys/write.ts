import type { Knex } from 'knex';
import type { Statement } from '../../db/scope';
import { trxStatement } from '../../db/trx-statement';
import { newId } from '../../lib/ids';
import { recordAudit, type AuditOrigin } from '../audit/record';
import type { ApiKeyRow } from '../presenters/api-key';
import type { Actor } from '../roles';
import { makeKey } from './key';
import type { ApiScope } from './scopes';

export const API_KEY_COLUMNS = `k.id, k.name, k.prefix, k.scopes, k.user_id as "userId", k.expires_at as "expiresAt",
  k.last_used_at as "lastUsedAt", k.created_at as "createdAt"`;

const CREATE: Statement = {
  name: 'api-keys-create',
  text: `insert into api_keys as k (id, business_id, user_id, name, prefix, secret_hash, scopes, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8) returning ${API_KEY_COLUMNS}`,
};
const DELETE: Statement = {
  name: 'api-keys-delete',
  text: `delete from api_keys k where k.business_id = $1 and k.id = $2 returning ${API_KEY_COLUMNS}`,
};

/** @returns the row, and the key's text: nothing else ever holds it */
export async function createApiKey(
  trx: Knex.Transaction,
  actor: Actor,
  origin: AuditOrigin,
  input: { name: string; scopes: readonly ApiScope[]; expiresAt: Date | null },
): Promise<{ row: ApiKeyRow; text: string }> {
  const { prefix, text, secretHash } = makeKey();
  const [row] = await trxStatement<ApiKeyRow & object>(trx, CREATE, [
    newId(),
    actor.businessId,
    actor.userId,
    input.name,
    prefix,
    secretHash,
    input.scopes,
    input.expiresAt,
  ]);
  if (!row) throw new Error('The key was not made.');
  await recordAudit(trx, origin, {
    action: 'api_key.created',
    subject: { kind: 'apiKey', id: row.id },
    after: row,
  });
  return { row, text };
}

/** Any key of the business, whoever made it. @returns undefined where there is none */
export async function deleteApiKey(
  trx: Knex.Transaction,
  actor: Actor,
  origin: AuditOrigin,
  id: string,
): Promise<ApiKeyRow | undefined> {
  const [row] = await trxStatement<ApiKeyRow & object>(trx, DELETE, [actor.businessId, id]);
  if (row) {
    await recordAudit(trx, origin, {
      action: 'api_key.deleted',
      subject: { kind: 'apiKey', id },
      before: row,
    });
  }
  return row;
}
