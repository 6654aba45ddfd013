import { claimRun } from '../../domain/runs/claim';
import type { Delivery } from '../../domain/runs/delivery';
import type { RunEnd } from '../../domain/runs/end';
import { handBackRun } from '../../domain/runs/renew';
import type { ClaimedRun } from '../../domain/runs/types';
import { announceSettled } from '../../realtime/announce-settled';
import type { WorkerContext } from '../context';
import type { Handler } from '../registry';
import { announceEnded, announceRun } from './announce';
import { answerInHand, type Outcome } from './answer';
import { RunControl } from './control';
import { endForCertain } from './end';
import { refusalOf } from './refusal';

/** One agent's reply: claim the run, answer, end it, tell everyone. */
export const agentRun: Handler<'agent-run'> = async (context, { businessId, runId }, _job, signal) => {
  const run = await claimRun(context.db, businessId, runId);
  if (!run) return;
  for (const settled of run.settled) announceSettled(context.publish, businessId, settled);
  const control = new RunControl(context, run, signal);
  try {
    const refusal = refusalOf(run);
    await finish(context, run, refusal ? { end: refusal } : await answerInHand(context, run, control));
  } finally {
    await control.stop();
  }
};

async function finish(context: WorkerContext, run: ClaimedRun, outcome: Outcome): Promise<void> {
  if ('end' in outcome) return end(context, run, outcome.end);
  if ('waiting' in outcome) {
    if (run.actor) announceRun(context, run, run.actor.userId, outcome.waiting);
    return letGo(context, run, 'waiting');
  }
  if ('handBack' in outcome) {
    const delivery = await handBackRun(context.db, run);
    if (delivery) await enqueue(context, delivery);
    return letGo(context, run, 'handed_back');
  }
  letGo(context, run, 'lost');
}

async function end(context: WorkerContext, run: ClaimedRun, how: RunEnd): Promise<void> {
  const ended = await endForCertain(context, run, how);
  if (!ended) return letGo(context, run, 'lost');
  announceEnded(context, run, ended);
  letGo(context, run, how.status, how.reasonCode);
  if (ended.next) await enqueue(context, ended.next);
}

async function enqueue({ jobs, logger }: WorkerContext, delivery: Delivery): Promise<void> {
  await jobs.enqueue('agent-run', delivery).catch((error: unknown) => {
    logger.warn({ err: error, runId: delivery.runId }, 'the broker did not take a run, a sweep will');
  });
}

/** Counts and logs how the run left this worker; never what was said. */
function letGo(context: WorkerContext, run: ClaimedRun, outcome: string, reasonCode?: string): void {
  const { id: runId, businessId, requestId, epoch } = run;
  context.metrics.agents.runEnded(outcome);
  const level = outcome === 'lost' ? 'warn' : 'info';
  context.logger[level]({ runId, businessId, requestId, epoch, outcome, reasonCode }, 'agent run let go');
}
