import type { Statement } from '../../db/scope';

/**
 * The first statement of a transaction that changes a run together with its conversation. Rows are locked in one
 * order everywhere (agent, conversation, run, message), so that none of them can deadlock; what is read behind the
 * lock is as the last holder left it. Parameter: the run's id.
 */
export const LOCK_CONVERSATION: Statement = {
  name: 'run-lock-conversation',
  text: `
    with agent as materialized (
      select a.id from runs r join agents a on a.business_id = r.business_id and a.id = r.agent_id
       where r.id = $1 for key share of a
    ), run as materialized (
      select r.conversation_id from runs r left join agent on true where r.id = $1
    )
    select c.id from run join conversations c on c.id = run.conversation_id for no key update of c`,
};
