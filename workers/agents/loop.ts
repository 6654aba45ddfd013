import type { RunRow } from '../../domain/presenters/conversation';
import type { RunEnd } from '../../domain/runs/end';
import { MAX_TURNS } from '../../domain/runs/limits';
import { saveTurn } from '../../domain/runs/turns';
import type { ToolCallRow, TurnRow } from '../../domain/runs/types';
import { callWithFallbacks } from './call-with-fallbacks';
import { fitContext, messageBudget, type Exchange } from './context';
import { endOf, type LastReason } from './ending';
import { RunAborted } from './failure';
import { loadHistory } from './history';
import { HIDDEN_BYTES_PER_TOKEN, MAX_CONTEXT_TOKENS, MAX_RUN_TOKENS } from './limits';
import { systemPrompt } from './prompt';
import type { ContextMessage, ToolDefinition } from './providers/provider';
import { RepeatGuard } from './repeat-guard';
import { modelOf, resolveModel, type ResolvedModel } from './resolve-model';
import type { RunInHand } from './run-in-hand';
import { runTools } from './run-tools';
import { callsToKeep } from './tool-calls-to-keep';
import { toolDefinitions } from './tools/registry';
import { turnGroup } from './turn-group';

/** How a run leaves the loop: with its end, or to wait for its person's word. */
export type Answer = { end: RunEnd } | { waiting: RunRow };

/**
 * Answers: calls the model, does the tools it calls, shows it what came of them, until it says no more. Goes on behind
 * the turns that an earlier worker finished.
 * @param finished those (domain/runs/turns)
 * @throws RunFailure, RunAborted
 */
export async function answer(hand: RunInHand, finished: readonly TurnRow[]): Promise<Answer> {
  const { parts, run, agent, reply } = hand;
  const resolve = (name: string) => resolveModel(parts, run.businessId, name);
  const turns = [...finished];
  const model = modelOf(parts.env, agent.model, agent.ownProvider ?? undefined);
  const models = [() => Promise.resolve(model), ...agent.fallbackModels.map((name) => () => resolve(name))];
  const prompt = promptOf(hand);
  const history = await loadHistory(parts.db, run, budgetOf(hand, model, prompt));
  const guard = new RepeatGuard();
  let tokens = 0;

  const unfinished = turns.pop();
  for (const turn of turns) turn.toolCalls.forEach((call) => guard.isTooMany(call));
  let next: TurnRow | undefined = unfinished;
  for (;;) {
    if (next) {
      const repeated = new Set(next.toolCalls.filter((call) => guard.isTooMany(call)).map(({ id }) => id));
      const done = await runTools(hand, next, ({ id }: ToolCallRow) => repeated.has(id));
      if ('waiting' in done) return done;
      turns.push(done.turn);
      next = undefined;
    }
    const last = lastReason(turns.length, guard, tokens);
    const tools = last ? [] : prompt.tools;
    reply.startTurn();
    const turn = turns.length + 1;
    const { received, outputCap } = await callWithFallbacks(hand, models, async (used) => ({
      turn,
      system: prompt.system,
      messages: await messagesFor(hand, used, prompt, { history, turns }),
      tools,
      outputCap: outputCapOf(hand, used),
    }));
    tokens += received.tokens.input + received.tokens.output;
    const calls = received.stopReason === 'tool_calls' || received.stopReason === 'end' ? received.calls : [];
    if (last || calls.length === 0) return { end: endOf(hand, received, outputCap, last) };
    next = await saveTurn(parts.db, run, { turn, content: reply.turnText, calls: callsToKeep(calls) });
    if (!next) throw new RunAborted('lost');
    hand.onToolCalls();
  }
}

/** Why the next call is the last one, made without tools, to answer with what there is. */
function lastReason(turns: number, guard: RepeatGuard, tokens: number): LastReason | undefined {
  if (guard.isTripped) return 'repeated_call';
  if (turns >= MAX_TURNS) return 'max_turns';
  return tokens >= MAX_RUN_TOKENS ? 'max_tokens_of_run' : undefined;
}

interface Prompt {
  system: string;
  tools: ToolDefinition[];
}

const promptOf = ({ run, agent }: RunInHand): Prompt => ({
  system: systemPrompt(agent, run, new Date()),
  tools: toolDefinitions(agent.tools),
});

const outputCapOf = ({ agent }: RunInHand, { facts }: ResolvedModel): number =>
  Math.min(agent.maxTokens, facts.maxOutputTokens);

/** Tokens there are for messages. */
function budgetOf(hand: RunInHand, model: ResolvedModel, { system, tools }: Prompt): number {
  const fixed = Math.ceil(Buffer.byteLength(system + JSON.stringify(tools)) / HIDDEN_BYTES_PER_TOKEN);
  const cap = outputCapOf(hand, model);
  return Math.min(messageBudget(model.facts.contextWindow, cap, fixed), MAX_CONTEXT_TOKENS);
}

function messagesFor(
  hand: RunInHand,
  model: ResolvedModel,
  prompt: Prompt,
  { history, turns }: { history: readonly Exchange[]; turns: readonly TurnRow[] },
): Promise<ContextMessage[]> {
  return fitContext(
    { question: { role: 'user', content: hand.run.question }, history, turns: turns.map(turnGroup) },
    budgetOf(hand, model, prompt),
  );
}
