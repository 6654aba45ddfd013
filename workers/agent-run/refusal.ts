import { conversationPolicy } from '../../domain/policies/conversation';
import type { RunEnd } from '../../domain/runs/end';
import { MAX_CRASHES } from '../../domain/runs/limits';
import { STOPPED_BY_PERSON } from '../../domain/runs/stop';
import type { ClaimedRun } from '../../domain/runs/types';

/** The end of a run that is not to be answered (any more); undefined for all others. What was written stays. */
export function refusalOf({ stopRequested, crashes, actor, agent }: ClaimedRun): RunEnd | undefined {
  if (stopRequested) return { status: 'stopped', ...STOPPED_BY_PERSON };
  if (crashes >= MAX_CRASHES) {
    return failed('crashed', 'Answering this took its worker down three times. Ask in another way.');
  }
  if (!actor || !conversationPolicy.chat(actor)) {
    return failed('not_allowed', 'Whoever asked this may no longer chat in this business.');
  }
  if (!agent) return failed('agent_gone', 'This agent was deleted or switched off.');
  return undefined;
}

const failed = (reasonCode: string, reason: string): RunEnd => ({ status: 'failed', reasonCode, reason });
