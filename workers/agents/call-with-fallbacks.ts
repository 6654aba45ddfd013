import { jitterMs, pause } from './backoff';
import { callModel, type ModelCall, type ModelReply } from './call-model';
import { RunFailure } from './failure';
import { MAX_REQUESTS_PER_MODEL, RETRY_AFTER_MAX_MS, RETRY_BASE_MS, RETRY_MAX_MS } from './limits';
import type { BreakerState } from './providers/circuit-breaker';
import { ProviderError } from './providers/provider';
import { Received } from './received';
import type { ResolvedModel } from './resolve-model';
import type { RunInHand } from './run-in-hand';

/** What a call is with one model: its window decides what is sent. */
export type CallFor = (model: ResolvedModel) => Promise<Omit<ModelCall, 'attempt' | 'model'>>;

/**
 * One call of a run. Until its first text came, what may pass is tried again, and then the next model. Behind that a
 * person has read what another answer would contradict: the run ends with it.
 * @param models the agent's, then its fallbacks, each resolved when its turn comes
 * @throws RunFailure, RunAborted
 */
export async function callWithFallbacks(
  hand: RunInHand,
  models: readonly (() => Promise<ResolvedModel>)[],
  callFor: CallFor,
): Promise<ModelReply> {
  const attempts = { made: 0 };
  let last: ProviderError | undefined;
  let openForMs = Infinity;
  for (const [index, resolve] of models.entries()) {
    const model = await resolved(hand, resolve, last);
    if (!model) continue;
    const hasFallback = index < models.length - 1;
    const result = await callOne(hand, model, await callFor(model), attempts, hasFallback);
    if ('received' in result) return result;
    if (result instanceof ProviderError) last = result;
    else openForMs = Math.min(openForMs, result.retryInMs);
  }
  if (last) throw new RunFailure(last.code, last.message, { cause: last });
  throw new RunFailure(
    'provider_unavailable',
    `The provider has failed several times in a row. Try again in ${Math.ceil(openForMs / 1000)} s.`,
  );
}

/** A fallback that is not set up (any more) does not hide why the first model failed. */
async function resolved(
  { parts, run }: RunInHand,
  resolve: () => Promise<ResolvedModel>,
  failedBefore: ProviderError | undefined,
): Promise<ResolvedModel | undefined> {
  try {
    return await resolve();
  } catch (error) {
    if (!failedBefore || !(error instanceof RunFailure)) throw error;
    parts.logger.warn(
      { runId: run.id, requestId: run.requestId, code: error.code },
      'a fallback model can’t be used',
    );
    return undefined;
  }
}

/** @returns the reply; or, for the next model, the error that might pass or how long the circuit stays open */
async function callOne(
  hand: RunInHand,
  model: ResolvedModel,
  call: Omit<ModelCall, 'attempt' | 'model'>,
  attempts: { made: number },
  hasFallback: boolean,
): Promise<ModelReply | ProviderError | { retryInMs: number }> {
  const { parts, run, signal } = hand;
  const { breaker } = parts.agents;
  const key = breakerKey(run.businessId, model);
  let last: ProviderError | undefined;
  for (let request = 1; request <= MAX_REQUESTS_PER_MODEL; request += 1) {
    const state = await circuitOf(hand, key, last !== undefined && !hasFallback);
    if (state.open) return last ?? state;
    attempts.made += 1;
    const received = new Received();
    try {
      const reply = await callModel(hand, { ...call, model, attempt: attempts.made }, received);
      breaker.succeeded(key);
      return reply;
    } catch (error) {
      // Not the provider's failure (a budget, a stop): where this was a probe, the next call is one.
      breaker.failed(key, error instanceof ProviderError ? error : NOT_ITS_FAILURE);
      if (!(error instanceof ProviderError)) throw error;
      last = error;
    }
    logFailure(hand, model, attempts.made, last);
    if (received.hasText) throw interrupted(last);
    if (!last.isTransient) throw new RunFailure(last.code, last.message, { cause: last });
    const askedMs = last.retryAfterMs === undefined ? 0 : last.retryAfterMs + RETRY_AFTER_MARGIN_MS;
    if (request === MAX_REQUESTS_PER_MODEL || askedMs > RETRY_AFTER_MAX_MS) break;
    await pause(Math.max(askedMs, jitterMs(request - 1, RETRY_BASE_MS, RETRY_MAX_MS)), signal);
  }
  return last ?? { retryInMs: 0 };
}

/** Timers may end a little early, and what was asked for is not over then, ms. */
const RETRY_AFTER_MARGIN_MS = 50;

const NOT_ITS_FAILURE = { code: 'aborted', isTransient: false, retryAfterMs: undefined } as const;

/**
 * May a request be made? A run that was refused already, and has no other model to go to, waits for a circuit that
 * opened meanwhile, as long as it would for a Retry-After.
 */
async function circuitOf({ parts, signal }: RunInHand, key: string, mayWait: boolean): Promise<BreakerState> {
  const { breaker } = parts.agents;
  let leftMs = mayWait ? RETRY_AFTER_MAX_MS : 0;
  for (;;) {
    const state = breaker.check(key);
    if (!state.open || leftMs <= 0) return state;
    // Whoever probes it now may close it long before that.
    const waitMs = Math.min(state.retryInMs + RETRY_AFTER_MARGIN_MS, RETRY_MAX_MS, leftMs);
    await pause(waitMs, signal);
    leftMs -= waitMs;
  }
}

const breakerKey = (businessId: string, { name, provider }: ResolvedModel): string =>
  provider.configuredBy === 'business' ? `${businessId}:${name}` : name;

const interrupted = (error: ProviderError): RunFailure =>
  new RunFailure(
    'provider_interrupted',
    `The provider broke off in the middle of this reply: ${error.message}`,
    { cause: error },
  );

function logFailure(
  { parts, run }: RunInHand,
  model: ResolvedModel,
  attempt: number,
  error: ProviderError,
): void {
  parts.logger.warn(
    {
      runId: run.id,
      requestId: run.requestId,
      model: model.name,
      attempt,
      code: error.code,
      status: error.status,
      fate: error.fate,
    },
    'a call to a provider failed',
  );
}
