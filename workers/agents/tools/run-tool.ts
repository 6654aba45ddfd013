import type { Knex } from 'knex';
import { withTenantModels } from '../../../db/scope';
import type { Actor } from '../../../domain/roles';
import type { ToolName } from '../../../domain/runs/types';
import { TOOL_CATALOG } from '../../../domain/tools/catalog';
import { EFFECT_TIMEOUT_MS, openToolScope, TOOL_TIMEOUT_MS } from '../../../domain/tools/scope';
import { findToolWidget, type WidgetRight } from '../../../domain/tools/widget';
import { HttpError } from '../../../lib/errors';
import { withinLimit } from '../../../lib/within-limit';
import type { ToolCall } from '../providers/provider';
import { parseCall } from './parse-call';
import { TOOLS } from './registry';
import { errorText, resultText } from './result';
import type { Tool, ToolContext, ToolEffect, ToolScope } from './tool';

/** What the model is given of a call. */
export interface ToolOutcome {
  status: 'done' | 'failed';
  result: string;
}

/**
 * Marks the call as ended (domain/runs finishToolCall); with `effect`, in the transaction in which that writes.
 * Resolves to undefined where the call had ended already, or is another epoch's by now: then `effect` was not called.
 */
export type FinishCall = (
  outcome: ToolOutcome,
  effect?: (trx: Knex.Transaction) => Promise<string>,
) => Promise<object | undefined>;

type Call = Pick<ToolCall, 'name' | 'arguments'>;

/** Does a person have to confirm this call first? Never for one that is refused anyway. */
export function needsConfirmation(allowed: readonly ToolName[], call: Call): boolean {
  const parsed = parseCall(allowed, call);
  return parsed.ok && TOOL_CATALOG[parsed.name].needsConfirmation;
}

/**
 * What a person is asked to confirm; or why there is nothing to ask, where the call can't be done (no right, no such
 * widget, wrong arguments): that is then the call's outcome.
 */
export async function summariseCall(
  context: ToolContext,
  allowed: readonly ToolName[],
  call: Call,
): Promise<{ summary: string } | { outcome: ToolOutcome }> {
  const parsed = parseCall(allowed, call);
  if (!parsed.ok) return { outcome: failed(parsed.message) };
  const tool = TOOLS[parsed.name] as Tool;
  const args = parsed.args as never;
  const summarise = 'effect' in tool ? tool.summarise : undefined;
  if (!summarise) return { summary: TOOL_CATALOG[parsed.name].description };
  try {
    const summary = await inScope(context, tool.rights(args), (scope) => summarise(context, args, scope));
    return { summary };
  } catch (error) {
    return { outcome: failureOf(context, parsed.name, error) };
  }
}

/**
 * Does a call (a confirmed one, where its tool needs that) and ends it through `finish`. Never throws for what is
 * wrong with the call: the model is told. Throws what `finish` throws without an effect.
 * @returns the outcome; undefined where `finish` found that the call had ended already, or is another's by now
 */
export async function runCall(
  context: ToolContext,
  allowed: readonly ToolName[],
  call: Call,
  finish: FinishCall,
): Promise<ToolOutcome | undefined> {
  const end = async (outcome: ToolOutcome) => ((await finish(outcome)) ? outcome : undefined);
  const parsed = parseCall(allowed, call);
  if (!parsed.ok) return end(failed(parsed.message));
  const { name, args } = parsed;
  const tool = TOOLS[name] as Tool;
  if ('effect' in tool) return runEffect(context, tool, args as never, finish);
  let outcome: ToolOutcome;
  try {
    const right = tool.rights(args);
    outcome = done(await inScope(context, right, (scope) => tool.run(context, args as never, scope)));
  } catch (error) {
    outcome = failureOf(context, name, error);
  }
  return end(outcome);
}

async function runEffect(
  context: ToolContext,
  tool: Extract<Tool, { effect: unknown }>,
  args: never,
  finish: FinishCall,
): Promise<ToolOutcome | undefined> {
  let made: { outcome: ToolOutcome; effect: ToolEffect } | undefined;
  try {
    await finish({ status: 'done', result: '' }, async (trx) => {
      context.signal.throwIfAborted();
      const actor = await openToolScope(trx, context.actor, EFFECT_TIMEOUT_MS);
      const effect = await tool.effect(context, args, scopeOf(trx, actor, tool.rights(args)));
      made = { effect, outcome: done(effect.result) };
      return made.outcome.result;
    });
  } catch (error) {
    // Rolled back, the mark too; where only the commit's answer was lost, the call has ended and this is refused.
    const outcome = failureOf(context, tool.name, error);
    return (await finish(outcome)) ? outcome : undefined;
  }
  await made?.effect.afterCommit?.();
  return made?.outcome;
}

/** Statements have the limit too: what is not waited for any more must not work on. */
const inScope = <T>(
  context: ToolContext,
  right: WidgetRight,
  work: (scope: ToolScope) => Promise<T>,
): Promise<T> =>
  withinLimit(
    withTenantModels(context.db, context.actor.businessId, async (trx) => {
      context.signal.throwIfAborted();
      return work(scopeOf(trx, await openToolScope(trx, context.actor, TOOL_TIMEOUT_MS), right));
    }),
    TOOL_TIMEOUT_MS,
    'the tool',
  );

const scopeOf = (trx: Knex.Transaction, actor: Actor, right: WidgetRight): ToolScope => ({
  trx,
  actor,
  widget: (id) => findToolWidget(trx, actor, id, right),
});

const done = (data: unknown): ToolOutcome => ({ status: 'done', result: resultText(data) });
const failed = (message: string): ToolOutcome => ({ status: 'failed', result: errorText(message) });

/** An HttpError is meant to be read; of everything else the model learns nothing, and the log all. */
function failureOf({ logger, runId, requestId, signal }: ToolContext, tool: ToolName, error: unknown) {
  if (signal.aborted) throw error;
  if (error instanceof HttpError) return failed(error.message);
  logger.error({ err: error, tool, runId, requestId }, 'a tool failed');
  return failed('The tool failed or took too long. Try again with less, or go on without it.');
}
