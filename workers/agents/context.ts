import { countTokens, MESSAGE_OVERHEAD_TOKENS } from './count-tokens';
import type { ContextMessage, ToolDefinition } from './providers/provider';
import { NOTE_TOKENS, truncateMiddle } from './truncate';

/**
 * Messages that stand or fall together (architecture.md, "Context is dropped in whole groups"): a person's message
 * with its reply and the tool turns between them, or one turn of tool calls with all their results.
 */
export type Group = readonly ContextMessage[];

/** A person's message with what came of it. */
export interface Exchange {
  /** With its tool turns. */
  whole: Group;
  /** What was said alone: tool results are the first to go. */
  brief: Group;
}

export interface ContextParts {
  /** Earlier exchanges of the conversation, oldest first. */
  history: readonly Exchange[];
  /** What is answered now. */
  question: ContextMessage;
  /** This run's own turns, oldest first. */
  turns: readonly Group[];
}

/** Part of the window that our count may be off by, percent: other vendors make more tokens of the same text. */
const COUNT_SLACK_PERCENT = 20;
/**
 * The least part of the window that messages get, percent, where the prompt and the output's cap would leave less:
 * an agent whose settings leave no room still hears the question, and the provider says what is wrong with them.
 */
const LEAST_PART_PERCENT = 25;

/**
 * How many tokens of messages fit.
 * @param contextWindow of the model: input and output together, tokens
 * @param fixedTokens system prompt and tool definitions
 */
export function messageBudget(contextWindow: number, maxOutputTokens: number, fixedTokens: number): number {
  const countable = (contextWindow - maxOutputTokens) * (100 / (100 + COUNT_SLACK_PERCENT)) - fixedTokens;
  return Math.floor(Math.max(countable, contextWindow * (LEAST_PART_PERCENT / 100)));
}

/**
 * The messages that fit into `budget` tokens, in order. The question always stays, then as many of this run's
 * turns as fit, then of the exchanges before, each from the newest back. Question and newest turn are shortened in
 * the middle where they alone are more than there is room for.
 */
export async function fitContext(
  { history, question, turns }: ContextParts,
  budget: number,
): Promise<ContextMessage[]> {
  const everything = [...history.flatMap(({ whole }) => whole), question, ...turns.flat()];
  // A token is at least one byte: what is below the budget in bytes needs no counting.
  if (everything.reduce((sum, message) => sum + bytesOf(message), 0) <= budget) return everything;

  const newestTurn = turns.at(-1);
  const share = newestTurn ? Math.floor(budget / 2) : budget;
  const [shownQuestion = question] = await shorten([question], share);
  let left = budget - (await tokensOf([shownQuestion]));
  const shownTurns: Group[] = [];
  if (newestTurn) {
    const shown = await shorten(newestTurn, left);
    shownTurns.push(shown);
    left -= await tokensOf(shown);
  }
  const older = await newestThatFit(turns.slice(0, -1), left);
  // Nothing from before a gap: an exchange makes no sense behind turns that were dropped.
  const past = older.isAll ? await pastThatFits(history, older.left) : [];
  return [...past.flat(), shownQuestion, ...[...older.groups, ...shownTurns].flat()];
}

/** From the newest back with their tool turns, and where these no longer fit, without. */
async function pastThatFits(history: readonly Exchange[], budget: number): Promise<Group[]> {
  const whole = await newestThatFit(
    history.map((exchange) => exchange.whole),
    budget,
  );
  const earlier = history.slice(0, history.length - whole.groups.length);
  const brief = await newestThatFit(
    earlier.map((exchange) => exchange.brief),
    whole.left,
  );
  return [...brief.groups, ...whole.groups];
}

async function newestThatFit(
  groups: readonly Group[],
  budget: number,
): Promise<{ groups: Group[]; left: number; isAll: boolean }> {
  const kept: Group[] = [];
  let left = budget;
  for (const group of groups.toReversed()) {
    const tokens = await tokensOf(group, left);
    if (tokens > left) return { groups: kept.toReversed(), left, isAll: false };
    left -= tokens;
    kept.push(group);
  }
  return { groups: kept.toReversed(), left, isAll: true };
}

/** A message's texts, in the order in which they are sent. */
function textsOf(message: ContextMessage): string[] {
  const calls = message.role === 'assistant' ? message.toolCalls : [];
  return [message.content, ...calls.flatMap((call) => [call.id, call.name, call.arguments])];
}

const overheadOf = (message: ContextMessage): number =>
  MESSAGE_OVERHEAD_TOKENS * (message.role === 'assistant' ? 1 + message.toolCalls.length : 1);

const bytesOf = (message: ContextMessage): number =>
  textsOf(message).reduce((sum, text) => sum + Buffer.byteLength(text), overheadOf(message));

/**
 * The most bytes that we take a token to stand for. Ours are long where others' are short: of 100,000 equal letters or
 * blanks it makes a tenth of what another vendor's makes, far beyond the slack. Running text has about as many.
 */
const MOST_BYTES_PER_TOKEN = 4;

/** Counted once: a run asks again with every turn. */
const counted = new WeakMap<ContextMessage, number>();

async function countMessage(message: ContextMessage): Promise<number> {
  const known = counted.get(message);
  if (known !== undefined) return known;
  let tokens = overheadOf(message);
  for (const text of textsOf(message)) {
    tokens += Math.max(await countTokens(text), Math.ceil(Buffer.byteLength(text) / MOST_BYTES_PER_TOKEN));
  }
  counted.set(message, tokens);
  return tokens;
}

/** What was sent with a call, tokens as we count them. */
export async function estimateContext({
  system,
  messages,
  tools,
}: {
  system: string;
  messages: readonly ContextMessage[];
  tools: readonly ToolDefinition[];
}): Promise<number> {
  const fixed = await countTokens(system + (tools.length > 0 ? JSON.stringify(tools) : ''));
  return fixed + (await tokensOf(messages));
}

/** @param enough past this the rest is not counted */
async function tokensOf(group: Group, enough = Infinity): Promise<number> {
  let tokens = 0;
  for (const message of group) {
    if (tokens > enough) break;
    tokens += await countMessage(message);
  }
  return tokens;
}

/** Each try leaves a fifth less: a text's parts can have more tokens per character than the whole. */
const SHORTEN_TRIES = [1, 0.8, 0.6, 0.4, 0.2, 0];

/** The group with its messages cut down to `budget` tokens, each in proportion. Arguments of calls stay: they are JSON. */
async function shorten(group: Group, budget: number): Promise<Group> {
  const tokens = await tokensOf(group);
  if (tokens <= budget) return group;
  let shorter: Group = group;
  for (const part of SHORTEN_TRIES) {
    shorter = await Promise.all(group.map((message) => shortenMessage(message, (budget / tokens) * part)));
    if ((await tokensOf(shorter)) <= budget) break;
  }
  return shorter;
}

async function shortenMessage(message: ContextMessage, ratio: number): Promise<ContextMessage> {
  const tokens = await countMessage(message);
  const allowed = Math.max(0, Math.floor(tokens * ratio) - overheadOf(message) - NOTE_TOKENS);
  // Going by what this very message has per token.
  const chars = Math.floor((message.content.length * allowed) / tokens);
  return { ...message, content: truncateMiddle(message.content, chars) };
}
