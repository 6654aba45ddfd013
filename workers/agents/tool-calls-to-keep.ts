import type { NewTurn } from '../../domain/runs/turns';
import { MAX_ARGUMENTS_CHARS, MAX_CALLS_PER_TURN } from './limits';
import type { ToolCall } from './providers/provider';

/** Ids and names that models make up are short; what is longer names no tool of ours, characters. */
const MAX_NAME_CHARS = 200;

/** A turn's calls as Postgres can store them: models do write NUL and half surrogate pairs. */
export const callsToKeep = (calls: readonly ToolCall[]): NewTurn['calls'] =>
  calls.slice(0, MAX_CALLS_PER_TURN).map((call) => ({
    providerCallId: storable(call.id, MAX_NAME_CHARS),
    name: storable(call.name, MAX_NAME_CHARS),
    // Cut off, they are no JSON any more, and the model is told so.
    arguments: storable(call.arguments, MAX_ARGUMENTS_CHARS),
  }));

const storable = (text: string, maxChars: number): string =>
  text.slice(0, maxChars).replaceAll('\0', '').toWellFormed();
