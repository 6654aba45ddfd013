import type { Statement } from '../../db/scope';
import { newId } from '../../lib/ids';
import { SHARED_LOCK } from '../budgets/lock';
import { outputWhenCutAt } from './estimate';
import { boundOf, type Price } from './price';

/** A call to a provider that is about to be made. */
export interface HoldRequest {
  businessId: string;
  /** Who asked; their budgets apply. */
  userId: string;
  agentId: string | null;
  runId: string;
  conversationId: string;
  epoch: number;
  turn: number;
  /** From 1; grows with each request of the same turn (retries, fallback models). */
  attempt: number;
  purpose: 'reply' | 'title';
  provider: string;
  /** The provider's own name of it. */
  model: string;
  /** The most tokens that can go in (Provider.inputBound). */
  inputBound: number;
  /** The most tokens the agent allows out. */
  outputCap: number;
  /** The provider ignores the cap and we cut its reply: the hold is for what it can have put out by then. */
  isCutByUs?: boolean;
  requestId: string;
}

export interface GrantedHold {
  /** The ledger row; settle it whatever happens (settle.ts). */
  ledgerId: string;
  /** The cap to send: the agent's, or what the money left can buy. */
  outputCap: number;
  /** The most that the call can cost, reserved in every budget that applies. 0 without a price. */
  holdNano: bigint;
  /** undefined where nobody knows one, and no hard budget demands it: the cost is then booked as 0, estimated. */
  price: Price | undefined;
  /** A budget applies: others that hold under it wait for its row. */
  isBudgeted: boolean;
}

/** @param outputCap that the money left allows */
export function grantOf(
  call: HoldRequest,
  outputCap: number,
  price: Price | undefined,
  isBudgeted: boolean,
): GrantedHold {
  const output = call.isCutByUs ? outputWhenCutAt(outputCap) : outputCap;
  const holdNano = price ? boundOf(call.inputBound, output, price) : 0n;
  return { ledgerId: newId(), outputCap, holdNano, price, isBudgeted };
}

const isInHand = (id: string, epoch: string) =>
  `r.id = ${id}::uuid and r.epoch = ${epoch}::int and r.status = 'running'`;

/**
 * The run, then the budgets, in the order in which a run's end and its next claim lock them: neither comes between a
 * hold and its commit, so each finds what it has to book. No row where the run is not (any more) in the caller's hands.
 * @param $1 the run
 * @param $2 the epoch under which the caller has it
 */
export const SHARE_RUN_AND_BUDGETS: Statement = {
  name: 'hold-share-run',
  text: `select ${SHARED_LOCK} from (select from runs r where ${isInHand('$1', '$2')} for share) in_hand`,
};

/** Behind {@link SHARE_RUN_AND_BUDGETS}, with {@link valuesOf}: did it find the run? */
export const HAS_RUN_IN_HAND = `exists (select from runs r where ${isInHand('$5', '$7')})`;

/** The ledger row of a call that is about to be made, from {@link valuesOf}; behind it a condition may follow. */
export const INSERT_CALL = `
  insert into ledger (user_id, agent_id, id, business_id, run_id, conversation_id, epoch, turn, attempt, purpose,
                      provider, model_requested, request_id, price_id, output_cap, hold_nano)
  select $1::uuid, $2::uuid, $3::uuid, $4::uuid, $5::uuid, $6::uuid, $7::int, $8::int, $9::int, $10,
         $11, $12, $13, $14::uuid, $15::int, $16::bigint`;

/** $1 to $16: the person and the agent first, as the conditions of budgets name them. */
export const valuesOf = (
  call: HoldRequest,
  { ledgerId, outputCap, holdNano, price }: GrantedHold,
): unknown[] => [
  call.userId,
  call.agentId,
  ledgerId,
  call.businessId,
  call.runId,
  call.conversationId,
  call.epoch,
  call.turn,
  call.attempt,
  call.purpose,
  call.provider,
  call.model,
  call.requestId,
  price?.id ?? null,
  outputCap,
  holdNano.toString(),
];
