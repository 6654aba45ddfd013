/** What a worker is asked to look at: the payload of the job `agent-run`. `delivery` is new with each handover. */
export interface Delivery {
  businessId: string;
  runId: string;
  delivery: number;
  requestId: string;
}

/** {@link Delivery} of a run, of a table or CTE aliased `r`. */
export const DELIVERY_COLUMNS = `
  r.business_id as "businessId", r.id as "runId", r.deliveries as delivery, r.request_id as "requestId"`;

/** A run put back into the queue: the broker forgets no job's id at once, so each handover has a number of its own. */
export const HAND_OVER = 'deliveries = r.deliveries + 1, enqueued_at = now()';

/** A run that waited goes on: the time a person took is not the run's. */
export const QUEUE_AGAIN = `status = 'queued', confirm_until = null, deadline_at = null, updated_at = now(), ${HAND_OVER}`;

/**
 * No earlier run of the conversation is open: runs come in the order of their questions. Of a run aliased `r`.
 * `offset 0` keeps it a look into one conversation: as a join, all that are open were read.
 */
export const IS_FIRST = `not exists (
  select from runs earlier where earlier.conversation_id = r.conversation_id and earlier.position < r.position
     and earlier.finished_at is null offset 0)`;
