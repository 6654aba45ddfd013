import type { GrantedHold, HoldRequest } from '../../domain/money/held-call';
import type { HoldOutcome } from '../../domain/money/hold';
import { jitterMs, pause } from './backoff';
import { RunAborted, RunFailure } from './failure';
import { HOLD_RETRY_BASE_MS, HOLD_RETRY_MAX_MS } from './limits';
import type { RunInHand } from './run-in-hand';

type Call = Pick<
  HoldRequest,
  'turn' | 'attempt' | 'provider' | 'model' | 'inputBound' | 'outputCap' | 'isCutByUs'
>;

/** Only where it was granted without one did none stand in the way. */
const hasBudget = (outcome: HoldOutcome): boolean => !('granted' in outcome) || outcome.granted.isBudgeted;

/**
 * Reserves what a call can cost at most, and writes its ledger row. Where calls under way have the money in their
 * hands it waits for them, until the run's deadline.
 * @throws RunFailure where a budget refuses it; RunAborted
 */
export async function holdMoney(
  { parts, run, actor, agent, signal }: RunInHand,
  call: Call,
): Promise<GrantedHold> {
  const request: HoldRequest = {
    ...call,
    businessId: run.businessId,
    userId: actor.userId,
    agentId: agent.id,
    runId: run.id,
    conversationId: run.conversationId,
    epoch: run.epoch,
    purpose: 'reply',
    requestId: run.requestId,
  };
  for (let tries = 0; ; tries += 1) {
    const hold = () => {
      signal.throwIfAborted();
      return parts.holdCall(request);
    };
    const outcome = await parts.agents.moneyLane(run.businessId, 'hold', hold, hasBudget);
    if ('granted' in outcome) return outcome.granted;
    if ('lost' in outcome) throw new RunAborted('lost');
    if ('refused' in outcome) throw new RunFailure(outcome.refused.code, outcome.refused.message);
    await pause(jitterMs(tries, HOLD_RETRY_BASE_MS, HOLD_RETRY_MAX_MS), signal);
  }
}
