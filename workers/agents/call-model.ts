import type { GrantedHold } from '../../domain/money/held-call';
import { settleCall } from '../../domain/money/settle';
import type { CallOutcome, Settlement } from '../../domain/money/settlement';
import { abortKind } from './failure';
import { holdMoney } from './hold-money';
import { type ContextMessage, ProviderError, type ToolDefinition } from './providers/provider';
import type { Received } from './received';
import type { ResolvedModel } from './resolve-model';
import type { RunInHand } from './run-in-hand';
import { estimateContext } from './context';

export interface ModelCall {
  model: ResolvedModel;
  turn: number;
  /** From 1; grows with each request of the turn. */
  attempt: number;
  system: string;
  messages: readonly ContextMessage[];
  tools: readonly ToolDefinition[];
  /** What the agent and the model allow, tokens. */
  outputCap: number;
}

export interface ModelReply {
  received: Received;
  /** The cap that was sent: below the agent's where the money left bought less. */
  outputCap: number;
}

/**
 * One request to a provider: its most is held and its ledger row committed before it is sent, its text goes to the
 * reply, and whatever happens it is settled.
 * @throws ProviderError where it failed; RunFailure where it may not be made; RunAborted
 */
export async function callModel(hand: RunInHand, call: ModelCall, received: Received): Promise<ModelReply> {
  const { parts, agent, reply, signal } = hand;
  const provider = parts.agents.providers.get(call.model.provider);
  const request = {
    model: call.model.model,
    system: call.system,
    messages: call.messages,
    tools: call.tools,
    temperature: agent.temperature ?? undefined,
  };
  const hold = await holdMoney(hand, {
    turn: call.turn,
    attempt: call.attempt,
    provider: call.model.provider.id,
    model: call.model.model,
    inputBound: provider.inputBound(request),
    outputCap: call.outputCap,
    isCutByUs: !call.model.provider.quirks.honoursOutputCap,
  });
  try {
    const events = provider.stream({
      ...request,
      maxOutputTokens: hold.outputCap,
      requestId: hold.ledgerId,
      signal,
      onAnswer: (reading) => reply.takeFrom(reading),
    });
    for await (const event of events) {
      received.add(event);
      if (event.type === 'text') reply.push(event.text);
    }
  } catch (error) {
    await settle(hand, call, hold, received, await failureOf(hand, call, received, error));
    // What broke it off says more than the socket that closed.
    signal.throwIfAborted();
    throw error;
  }
  await settle(hand, call, hold, received, await completionOf(call, received));
  // The answer's last words may have been on their way to us when it was broken off: it is not whole then.
  if (reply.isCut) signal.throwIfAborted();
  return { received, outputCap: hold.outputCap };
}

type Ending = Pick<Settlement, 'outcome' | 'counted' | 'errorCode'>;

const completionOf = async (call: ModelCall, received: Received): Promise<Ending> =>
  received.isCut
    ? {
        outcome: 'stopped',
        errorCode: 'over_cap',
        counted: await received.counted(await estimateContext(call)),
      }
    : { outcome: 'completed' };

async function failureOf(
  { signal }: RunInHand,
  call: ModelCall,
  received: Received,
  error: unknown,
): Promise<Ending> {
  if (!(error instanceof ProviderError)) return { outcome: 'unknown', errorCode: 'internal' };
  const errorCode = signal.aborted ? (abortKind(signal) ?? error.code) : error.code;
  if (error.fate !== 'ambiguous') return { outcome: error.fate, errorCode };
  const isStopped = error.code === 'aborted';
  // Before its headers nobody can say whether it was taken.
  if (!isStopped && !received.isAccepted) return { outcome: 'unknown', errorCode };
  const outcome: CallOutcome = isStopped ? 'stopped' : 'failed';
  return { outcome, errorCode, counted: await received.counted(await estimateContext(call)) };
}

/** A run that another worker has by now is that one's to settle, too: it books the hold as unknown. */
async function settle(
  { parts, run, signal, onSettled }: RunInHand,
  { model }: ModelCall,
  hold: GrantedHold,
  received: Received,
  ending: Ending,
): Promise<void> {
  if (abortKind(signal) === 'lost') return;
  const settlement: Settlement = {
    ...ending,
    usage: received.usage,
    modelServed: received.modelServed,
    providerRequestId: received.providerRequestId,
    stopReason: received.stopReason,
  };
  const settled = await parts.agents.moneyLane(run.businessId, 'settlement', () =>
    settleCall(parts.db, run.businessId, hold.ledgerId, settlement),
  );
  if (!settled) return;
  onSettled(settled);
  // A business names its own providers as it likes, and each value of a label is a time series.
  const isOwn = model.provider.configuredBy === 'business';
  parts.metrics.agents.callEnded({
    provider: isOwn ? 'own' : model.provider.id,
    model: isOwn ? 'own' : model.model,
    outcome: ending.outcome,
    tokens: received.tokens,
    costNano: settled.costNano,
  });
}
