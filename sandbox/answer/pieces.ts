import { momentNow } from './moment';
import type { ToolCall } from '../request';
import { countTokens, splitTokens } from '../tokens';

/** What a model wants to say, before any cap. */
export interface Answer {
  /** Or its tokens, each made when it goes out. */
  text: string | Iterable<string>;
  toolCalls: ToolCall[];
}

/** What goes out in one chunk. */
export type Piece =
  | { kind: 'reasoning'; text: string }
  | { kind: 'text'; text: string }
  | { kind: 'call'; call: ToolCall }
  | { kind: 'arguments'; text: string };

export type Stop = 'end' | 'tool_calls' | 'max_tokens';

/** What a piece costs: the call's name may be longer than one token. */
export const pieceTokens = (piece: Piece): number =>
  piece.kind === 'call' ? Math.max(1, countTokens(piece.call.name)) : 1;

/**
 * An answer token by token, ended where the cap is reached.
 * @param cap tokens, thinking included
 * @returns why it ended
 */
export function* pieces(answer: Answer, reasoningTokens: number, cap: number): Generator<Piece, Stop> {
  let left = cap;
  for (const piece of everything(answer, reasoningTokens)) {
    left -= pieceTokens(piece);
    if (left < 0) return 'max_tokens';
    yield piece;
  }
  return answer.toolCalls.length > 0 ? 'tool_calls' : 'end';
}

function* everything(answer: Answer, reasoningTokens: number): Generator<Piece> {
  for (let spent = 0; spent < reasoningTokens; spent++) yield { kind: 'reasoning', text: 'hmm ' };
  const words = typeof answer.text === 'string' ? splitTokens(answer.text) : answer.text;
  for (const text of words) yield { kind: 'text', text };
  for (const call of answer.toolCalls) {
    yield { kind: 'call', call };
    for (const text of splitTokens(call.arguments)) yield { kind: 'arguments', text };
  }
}

/** So many tokens, each the moment at which it is taken (moment.ts): what a token says is how late it is. */
export function* moments(tokens: number): Generator<string> {
  for (let given = 0; given < tokens; given++) yield `${momentNow()} `;
}

const WORDS = ['sum ', 'and ', 'the ', 'row ', 'was ', 'not ', 'new ', 'but ', 'now ', 'due '];

/** A text of exactly this many tokens. */
export function filler(tokens: number): string {
  const round = WORDS.join('');
  return round.repeat(Math.ceil(tokens / WORDS.length)).slice(0, tokens * 4);
}
