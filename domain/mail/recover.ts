import type { Database } from '../../db/database';
import { systemStatement, type Statement } from '../../db/scope';
import { HANDOVER_MAX_MS, HANDOVER_MS, LOST_BATCH } from './limits';

/** What a worker is asked to look at: the payload of the job `mail`, `delivery` being new with each handover. */
export interface MailDelivery {
  mailId: string;
  delivery: number;
}

const DUE: Statement = {
  name: 'mail-due',
  // Nobody took it for as long as its last handover may take. The exponent is capped before it overflows.
  text: `
    with due as materialized (
      select id from mails where waiting_until <= now()
         and enqueued_at <= now() - least($1 * power(2, least(deliveries, 10)), $2) * interval '1 ms'
       order by waiting_until limit $3 for no key update skip locked
    )
    update mails m set deliveries = m.deliveries + 1, enqueued_at = now() from due where m.id = due.id
    returning m.id as "mailId", m.deliveries as delivery`,
};

/**
 * Mails that nobody is sending though they are due: the job was lost, the worker died, or the pause after a failure
 * is over. Each is handed out once, however many processes look. Across tenants: a lost broker is everyone's.
 * @returns to be enqueued
 */
export const dueMails = (db: Database): Promise<MailDelivery[]> =>
  systemStatement<MailDelivery & object>(db, DUE, [HANDOVER_MS, HANDOVER_MAX_MS, LOST_BATCH]);
