import { newId } from '../../../lib/ids';
import { StreamFault } from './errors';
import type { ProviderEvent, StopReason, ToolCall } from './provider';
import { isJsonObject } from './text';

/** Most calls in one reply, and most that their arguments may hold together, characters. */
const MAX_CALLS = 128;
const MAX_ARGUMENTS = 1_000_000;

export interface GrowingCall {
  id: string | undefined;
  name: string | undefined;
  arguments: string;
}

/** The tool calls of one reply while they come in. */
export class GrowingCalls {
  private readonly calls: GrowingCall[] = [];
  private size = 0;

  get any(): boolean {
    return this.calls.length > 0;
  }

  begin(id: string | undefined, name: string | undefined): GrowingCall {
    if (this.calls.length === MAX_CALLS) throw tooMuch();
    const call = { id, name, arguments: '' };
    this.calls.push(call);
    return call;
  }

  find(test: (call: GrowingCall) => boolean): GrowingCall | undefined {
    return this.calls.findLast(test);
  }

  append(call: GrowingCall, piece: string): void {
    this.size += piece.length;
    if (this.size > MAX_ARGUMENTS) throw tooMuch();
    call.arguments += piece;
  }

  /** A reply that stopped for want of tokens may hold half a call: such a one isn't told. */
  *finish(stopReason: StopReason): Iterable<ProviderEvent> {
    for (const call of this.calls) {
      const whole = wholeCall(call);
      if (stopReason !== 'max_tokens' || isJsonObject(whole.arguments))
        yield { type: 'tool_call', call: whole };
    }
  }
}

/** A call as the contract has it. No arguments at all are what some servers send where a tool takes none. */
function wholeCall(call: GrowingCall): ToolCall {
  if (!call.name) throw new StreamFault('malformed', 'The provider called a tool without naming it.');
  return { id: call.id ?? `call_${newId()}`, name: call.name, arguments: call.arguments || '{}' };
}

const tooMuch = () => new StreamFault('malformed', 'The provider called more tools than can be read.');
