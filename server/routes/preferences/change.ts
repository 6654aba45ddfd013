import type { Knex } from 'knex';
import { withTenantModels } from '../../../db/scope';
import { updatePreferences, type PreferencesInput } from '../../../domain/preferences/write';
import { presentPreferences, type PresentedPreferences } from '../../../domain/presenters/preferences';
import type { Actor } from '../../../domain/roles';
import type { ServerContext } from '../../context';
import { etagOf } from '../../http/etag';
import { versionConflict } from '../../http/precondition';
import type { Reply } from '../../http/route';
import { announcePreferences } from './announce';

interface Change {
  actor: Actor;
  requestId: string;
  ifMatch?: number | undefined;
  changes: Partial<PreferencesInput>;
  /** What must hold, asserted in the transaction that changes them. */
  assert?: (trx: Knex.Transaction) => Promise<void>;
}

/** Changes the caller's preferences, tells their devices, and answers with what they are now. */
export async function changePreferences(
  context: ServerContext,
  { actor, requestId, ifMatch, changes, assert }: Change,
): Promise<Reply<PresentedPreferences>> {
  const row = await withTenantModels(context.db, actor.businessId, async (trx) => {
    await assert?.(trx);
    const changed = await updatePreferences(trx, actor, ifMatch, changes);
    // Thrown inside: a row that was made for this is not kept.
    if (!changed) throw versionConflict('preferences');
    return changed;
  });
  announcePreferences(context, [row], requestId);
  return { data: presentPreferences(row), etag: etagOf(row) };
}
