import type { TokenUsage } from '../../../../domain/money/usage';
import { countOf, fieldOf, splitOff } from './count';

/** Anthropic's counts as they came, each the largest so far. */
interface Counts {
  input: number | null;
  cacheRead: number | null;
  cacheWrite: number | null;
  cacheWrite5m: number | null;
  cacheWrite1h: number | null;
  output: number | null;
  thinking: number | null;
}

const NOTHING: Counts = {
  input: null,
  cacheRead: null,
  cacheWrite: null,
  cacheWrite5m: null,
  cacheWrite1h: null,
  output: null,
  thinking: null,
};

function countsOf(wire: unknown): Counts {
  const writes = fieldOf(wire, 'cache_creation');
  return {
    input: countOf(fieldOf(wire, 'input_tokens')),
    cacheRead: countOf(fieldOf(wire, 'cache_read_input_tokens')),
    cacheWrite: countOf(fieldOf(wire, 'cache_creation_input_tokens')),
    cacheWrite5m: countOf(fieldOf(writes, 'ephemeral_5m_input_tokens')),
    cacheWrite1h: countOf(fieldOf(writes, 'ephemeral_1h_input_tokens')),
    output: countOf(fieldOf(wire, 'output_tokens')),
    thinking: countOf(fieldOf(fieldOf(wire, 'output_tokens_details'), 'thinking_tokens')),
  };
}

const larger = (a: number | null, b: number | null): number | null =>
  a === null ? b : b === null ? a : Math.max(a, b);

/**
 * Writes by lifetime. The total counts where the two don't add up to it: what isn't known to live an hour lived five
 * minutes, the one lifetime there was before (and the default).
 */
function writesOf({ cacheWrite, cacheWrite5m, cacheWrite1h }: Counts): [number | null, number | null] {
  if (cacheWrite === null) return [cacheWrite5m, cacheWrite1h];
  if (cacheWrite1h === null) return [cacheWrite, null];
  const anHour = Math.min(cacheWrite1h, cacheWrite);
  return [cacheWrite - anHour, anHour];
}

/**
 * The usage of one Anthropic reply: `message_start` tells the input, each `message_delta` everything so far
 * (cumulative, Anthropic's "Streaming messages"). `input_tokens` holds neither cache reads nor writes;
 * `output_tokens` holds the thinking. A count never falls: gateways repeat input as 0 in the delta.
 */
export class AnthropicUsage {
  private counts = NOTHING;

  /** Takes one `usage` object in. @returns the usage so far */
  add(wire: unknown): TokenUsage {
    const next = countsOf(wire);
    const known = this.counts;
    this.counts = {
      input: larger(known.input, next.input),
      cacheRead: larger(known.cacheRead, next.cacheRead),
      cacheWrite: larger(known.cacheWrite, next.cacheWrite),
      cacheWrite5m: larger(known.cacheWrite5m, next.cacheWrite5m),
      cacheWrite1h: larger(known.cacheWrite1h, next.cacheWrite1h),
      output: larger(known.output, next.output),
      thinking: larger(known.thinking, next.thinking),
    };
    return this.current();
  }

  private current(): TokenUsage {
    const [cacheWrite5m, cacheWrite1h] = writesOf(this.counts);
    const output = splitOff(this.counts.output, this.counts.thinking);
    return {
      input: this.counts.input,
      cacheRead: this.counts.cacheRead,
      cacheWrite5m,
      cacheWrite1h,
      outputText: output.rest,
      outputReasoning: output.part,
    };
  }
}
