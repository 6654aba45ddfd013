import type { CountedTokens } from '../../domain/money/estimate';
import { wholeInput, wholeOutput } from '../../domain/money/price';
import { NO_USAGE, type TokenUsage } from '../../domain/money/usage';
import { countTokens } from './count-tokens';
import { HIDDEN_BYTES_PER_TOKEN } from './limits';
import type { ProviderEvent, StopReason, ToolCall } from './providers/provider';

/** What has come of one call. */
export class Received {
  readonly calls: ToolCall[] = [];
  usage: TokenUsage = NO_USAGE;
  stopReason: StopReason | undefined;
  modelServed: string | undefined;
  providerRequestId: string | undefined;
  isAccepted = false;
  /** We closed the connection at the cap: what the provider told of usage is not the end of it. */
  isCut = false;
  private text = '';
  private hiddenBytes = 0;

  add(event: ProviderEvent): void {
    switch (event.type) {
      case 'accepted':
        this.isAccepted = true;
        this.providerRequestId = event.providerRequestId;
        break;
      case 'text':
        this.text += event.text;
        break;
      case 'hidden':
        this.hiddenBytes += event.bytes;
        break;
      case 'tool_call':
        this.calls.push(event.call);
        break;
      case 'usage':
        this.usage = event.usage;
        break;
      case 'end':
        this.stopReason = event.stopReason;
        this.modelServed = event.model;
        this.isCut = event.isCut ?? false;
        break;
    }
  }

  /** Text for the person came. */
  get hasText(): boolean {
    return this.text !== '';
  }

  /** @param input what was sent, tokens as we count them */
  async counted(input: number): Promise<CountedTokens> {
    const hidden = Math.ceil(this.hiddenBytes / HIDDEN_BYTES_PER_TOKEN);
    return { input, output: (await countTokens(this.text)) + hidden };
  }

  /** All that the provider counted, or as good as we know. */
  get tokens(): { input: number; output: number } {
    return { input: wholeInput(this.usage), output: wholeOutput(this.usage) };
  }
}
