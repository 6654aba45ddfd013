import { z } from 'zod';
import { TOOL_NAMES, type ToolName } from '../../../domain/runs/types';
import { TOOL_CATALOG, type ToolArguments } from '../../../domain/tools/catalog';
import type { ToolCall } from '../providers/provider';

/** A call whose tool the agent has and whose arguments are right; else what to tell the model. */
export type ParsedCall<Name extends ToolName = ToolName> =
  { ok: true; name: Name; args: ToolArguments<Name> } | { ok: false; message: string };

/** Problems told at once. */
const MAX_PROBLEMS = 5;

const isToolName = (name: string): name is ToolName => (TOOL_NAMES as readonly string[]).includes(name);

/** Reads a call as the model wrote it. @param allowed the agent's tools */
export function parseCall(
  allowed: readonly ToolName[],
  call: Pick<ToolCall, 'name' | 'arguments'>,
): ParsedCall {
  if (!isToolName(call.name) || !allowed.includes(call.name)) {
    const there = allowed.length > 0 ? `There are: ${allowed.join(', ')}.` : 'There are none.';
    return { ok: false, message: `There is no tool "${call.name.slice(0, 100)}". ${there}` };
  }
  let json: unknown;
  try {
    // Some models write nothing where there is nothing to say.
    json = JSON.parse(call.arguments.trim() === '' ? '{}' : call.arguments);
  } catch {
    return { ok: false, message: 'The arguments are not JSON.' };
  }
  const result = z.safeParse(TOOL_CATALOG[call.name].parameters, json);
  if (result.success) return { ok: true, name: call.name, args: result.data };
  const problems = result.error.issues
    .slice(0, MAX_PROBLEMS)
    .map(({ path, message }) => (path.length > 0 ? `${path.join('.')}: ${message}` : message));
  return { ok: false, message: `The arguments are not right. ${problems.join('; ')}` };
}
