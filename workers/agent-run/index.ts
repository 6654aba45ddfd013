import { UnrecoverableError } from 'bullmq';
import type { Handler } from '../registry';

/** One agent's reply: claim the run, answer, end it. */
export const agentRun: Handler<'agent-run'> = async (_context, { runId }) => {
  throw new UnrecoverableError(`No worker here can answer run ${runId}.`);
};
