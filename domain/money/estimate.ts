import { boundOf, isComplete, wholeInput, wholeOutput, type Price } from './price';
import type { TokenUsage } from './usage';

/** Tokens that we counted ourselves, with our tokenizer. */
export interface CountedTokens {
  input: number;
  /** What arrived, reasoning and tool calls included. */
  output: number;
}

/** Another vendor's tokenizer makes up to this much more of the same text, percent. */
const TOKENIZER_SLACK_PERCENT = 20;
/** What a provider still puts out, and bills, after the connection was closed, tokens. */
const IN_FLIGHT_TOKENS = 64;

/**
 * The most that a server which ignores the cap has put out, and bills, when we cut its reply at a cap that we count
 * ourselves, tokens.
 */
export const outputWhenCutAt = (cap: number): number => withSlack(cap) + IN_FLIGHT_TOKENS;

/** The largest cap whose {@link outputWhenCutAt} is not above `tokens`; 0 where there is none. */
export const capWithin = (tokens: number): number =>
  Math.max(0, Math.floor(((tokens - IN_FLIGHT_TOKENS) * 100) / (100 + TOKENIZER_SLACK_PERCENT)));

const withSlack = (counted: number): number => Math.ceil((counted * (100 + TOKENIZER_SLACK_PERCENT)) / 100);

/**
 * What a call cost whose usage the provider did not tell to the end, nano-dollars: what was received plus slack,
 * at the dearest rates, never above what was held. Without anything to go by it is the hold.
 *
 * @param usage what the provider did tell: input counts as told; output as a lower bound
 */
export function estimateOf(
  usage: TokenUsage,
  counted: CountedTokens | undefined,
  holdNano: bigint,
  price: Price,
): bigint {
  const isInputTold = usage.input !== null;
  if (!counted && !isComplete(usage)) return holdNano;
  const input = isInputTold ? wholeInput(usage) : withSlack(counted?.input ?? 0);
  const output = Math.max(wholeOutput(usage), withSlack(counted?.output ?? 0)) + IN_FLIGHT_TOKENS;
  const estimate = boundOf(input, output, price);
  return estimate < holdNano ? estimate : holdNano;
}
