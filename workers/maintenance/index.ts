import { runMaintenance } from '../../domain/maintenance';
import type { Handler } from '../registry';

/** Upkeep of the platform's own tables. */
export const maintenance: Handler<'maintenance'> = async ({ db, logger }, { task, requestId }) => {
  const deleted = await runMaintenance(db, task);
  if (deleted > 0) logger.info({ task, deleted, requestId }, 'upkeep done');
};
