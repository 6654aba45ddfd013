import type { SandboxModel } from './models';
import type { Refusal } from './refusal';
import type { SandboxRequest } from './request';

/** How a protocol words what all providers check. */
export interface CheckWording {
  /** Calls that no result follows at once. `at`: where the calls stand. */
  resultsMissing(callIds: string[], at: string): Refusal;
  /** A result without its call in the assistant's turn just before it, or a second one of the same call. */
  resultUnexpected(callId: string, at: string): Refusal;
  capTooLarge(cap: number, model: SandboxModel): Refusal;
  /** `cap`: undefined where the request named none. */
  tooLong(input: number, cap: number | undefined, model: SandboxModel): Refusal;
  /** false: only the input must fit, and the answer gets what is left of the window (OpenAI's Responses). */
  windowHoldsCap: boolean;
}

/**
 * What a provider checks before it accepts a request.
 * @param input the prompt's tokens
 * @throws Refusal in the protocol's words
 */
export function checkRequest(
  request: SandboxRequest,
  model: SandboxModel,
  input: number,
  wording: CheckWording,
): void {
  checkToolResults(request, wording);
  const cap = request.maxOutputTokens;
  if (cap !== undefined && cap > model.maxOutput) throw wording.capTooLarge(cap, model);
  const needed = input + (wording.windowHoldsCap ? (cap ?? 0) : 0);
  // At least one token has to be left for the answer.
  if (needed > model.contextWindow || input >= model.contextWindow) throw wording.tooLong(input, cap, model);
}

/** Every call has its one result right after its turn, and every result its call right before. */
function checkToolResults({ messages }: SandboxRequest, wording: CheckWording): void {
  let open = new Set<string>();
  let calledAt = '';
  for (const message of messages) {
    if (message.role === 'tool') {
      if (!open.delete(message.callId)) throw wording.resultUnexpected(message.callId, message.at);
      continue;
    }
    if (open.size > 0) throw wording.resultsMissing([...open], calledAt);
    open = new Set(message.role === 'assistant' ? message.toolCalls.map((call) => call.id) : []);
    calledAt = message.at;
  }
  if (open.size > 0) throw wording.resultsMissing([...open], calledAt);
}
