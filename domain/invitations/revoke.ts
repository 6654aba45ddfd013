import type { Knex } from 'knex';
import type { Statement } from '../../db/scope';
import { trxStatement } from '../../db/trx-statement';

const REVOKE: Statement = {
  name: 'invitations-revoke-of-person',
  text: 'delete from invitations where business_id = $1 and invited_by = $2 and accepted_at is null',
};

/** Whoever may no longer invite must not come back, or bring someone, by an invitation that they sent before. */
export const revokeInvitationsOf = (
  trx: Knex.Transaction,
  businessId: string,
  userId: string,
): Promise<unknown> => trxStatement(trx, REVOKE, [businessId, userId]);
