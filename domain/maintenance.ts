import type { Database } from '../db/database';
import { systemStatement } from '../db/scope';
import { DELETE_UNTOUCHED, PURGE, type UpkeepStatement } from './conversations/cleanup';

/** Versions of a widget's data that are kept. */
const HISTORY_VERSIONS = 200;
/** How long a deletion is remembered for clients that were away, days; an older cursor starts anew. */
export const TOMBSTONE_DAYS = 30;
/** Ended logins are kept this long for the audit, days. */
const SESSION_DAYS = 30;
/** Mails and the rows of their links are kept this long, days: to answer "did you send it?". */
const MAIL_DAYS = 30;
/** Invitations and API keys that have run out are shown this long, days: who wonders why finds the reason. */
const ENDED_DAYS = 30;
/** How long it can be looked up who did what, days: a year, so that yearly reviews find all of it. */
export const AUDIT_DAYS = 365;
/** Rows one statement deletes: few enough that it holds no lock for long. */
const BATCH = 5_000;

const TASKS = {
  'trim-history': {
    batch: BATCH,
    name: 'maintenance-history',
    text: `delete from widget_data_history where ctid in (
             select h.ctid from widget_data_history h join widget_data d using (widget_id)
              where h.version <= d.version - ${HISTORY_VERSIONS} limit ${BATCH}) returning 1`,
  },
  'trim-tombstones': {
    batch: BATCH,
    name: 'maintenance-tombstones',
    text: `delete from tombstones where seq in (
             select seq from tombstones where created_at < now() - interval '${TOMBSTONE_DAYS} days' limit ${BATCH})
           returning 1`,
  },
  'expire-sessions': {
    batch: BATCH,
    name: 'maintenance-sessions',
    text: `delete from sessions where id in (
             select id from sessions where coalesce(revoked_at, expires_at) < now() - interval '${SESSION_DAYS} days'
              limit ${BATCH}) returning 1`,
  },
  'expire-mails': {
    batch: BATCH,
    name: 'maintenance-mails',
    text: `delete from mails where id in (
             select id from mails where created_at < now() - interval '${MAIL_DAYS} days' limit ${BATCH}) returning 1`,
  },
  'expire-link-tokens': {
    batch: BATCH,
    name: 'maintenance-link-tokens',
    text: `delete from link_tokens where id in (
             select id from link_tokens where created_at < now() - interval '${MAIL_DAYS} days' limit ${BATCH})
           returning 1`,
  },
  'expire-invitations': {
    batch: BATCH,
    name: 'maintenance-invitations',
    text: `delete from invitations where id in (
             select id from invitations
              where coalesce(accepted_at, expires_at) < now() - interval '${ENDED_DAYS} days' limit ${BATCH})
           returning 1`,
  },
  'expire-api-keys': {
    batch: BATCH,
    name: 'maintenance-api-keys',
    text: `delete from api_keys where id in (
             select id from api_keys where expires_at < now() - interval '${ENDED_DAYS} days' limit ${BATCH})
           returning 1`,
  },
  'trim-audit-events': {
    batch: BATCH,
    name: 'maintenance-audit-events',
    text: `delete from audit_events where id in (
             select id from audit_events where created_at < now() - interval '${AUDIT_DAYS} days' limit ${BATCH})
           returning 1`,
  },
  'expire-idempotency-keys': {
    batch: BATCH,
    name: 'maintenance-idempotency-keys',
    text: `delete from idempotency_keys where ctid in (
             select ctid from idempotency_keys where created_at < now() - interval '24 hours' limit ${BATCH})
           returning 1`,
  },
  'expire-source-probes': {
    batch: BATCH,
    name: 'maintenance-source-probes',
    text: `delete from source_probes where id in (
             select id from source_probes where created_at < now() - interval '1 hour' limit ${BATCH}) returning 1`,
  },
  'delete-untouched-conversations': DELETE_UNTOUCHED,
  'purge-conversations': PURGE,
} satisfies Record<string, UpkeepStatement>;

export type MaintenanceTask = keyof typeof TASKS;

/**
 * Deletes what has run out, in batches that hold no long lock. Across tenants: it is the platform's own upkeep.
 * @returns rows deleted
 */
export async function runMaintenance(db: Database, task: MaintenanceTask): Promise<number> {
  let deleted = 0;
  for (;;) {
    const rows = await systemStatement(db, TASKS[task], []);
    deleted += rows.length;
    if (rows.length < TASKS[task].batch) return deleted;
  }
}
