import type { TokenUsage } from '../../../../domain/money/usage';
import type { ProviderProtocol } from '../../../../domain/providers/config';

/** Usage as a provider sends it, and the buckets it means, computed by hand. */
export interface UsageShape {
  name: string;
  protocol: ProviderProtocol;
  /** The `usage` objects in the order in which they come. Anthropic: `message_start`'s, then each `message_delta`'s. */
  wire: unknown[];
  expected: TokenUsage;
}

type Count = number | null;

/** In the order of the fields of TokenUsage. */
const buckets = (
  input: Count,
  cacheRead: Count,
  cacheWrite5m: Count,
  cacheWrite1h: Count,
  outputText: Count,
  outputReasoning: Count,
): TokenUsage => ({ input, cacheRead, cacheWrite5m, cacheWrite1h, outputText, outputReasoning });

const NONE = buckets(null, null, null, null, null, null);

/** OpenAI's protocols tell no cache writes. */
const openAi = (input: Count, cacheRead: Count, outputText: Count, outputReasoning: Count): TokenUsage =>
  buckets(input, cacheRead, null, null, outputText, outputReasoning);

const responsesUsage = (input: unknown, cached: unknown, output: unknown, reasoning: unknown): object => ({
  input_tokens: input,
  input_tokens_details: { cached_tokens: cached },
  output_tokens: output,
  output_tokens_details: { reasoning_tokens: reasoning },
  total_tokens: Number(input) + Number(output),
});

type Row = [name: string, wire: unknown[], expected: TokenUsage];

const RESPONSES: Row[] = [
  ['plain', [responsesUsage(100, 0, 20, 0)], openAi(100, 0, 20, 0)],
  ['cached', [responsesUsage(1000, 768, 20, 0)], openAi(232, 768, 20, 0)],
  ['all cached', [responsesUsage(1024, 1024, 20, 0)], openAi(0, 1024, 20, 0)],
  ['reasoning', [responsesUsage(100, 0, 500, 448)], openAi(100, 0, 52, 448)],
  ['nothing but reasoning', [responsesUsage(100, 0, 448, 448)], openAi(100, 0, 0, 448)],
  ['cached and reasoning', [responsesUsage(5000, 4096, 900, 640)], openAi(904, 4096, 260, 640)],
  ['all zero', [responsesUsage(0, 0, 0, 0)], openAi(0, 0, 0, 0)],
  ['no output', [responsesUsage(100, 0, 0, 0)], openAi(100, 0, 0, 0)],
  ['no details', [{ input_tokens: 100, output_tokens: 20, total_tokens: 120 }], openAi(100, null, 20, null)],
  [
    'empty details',
    [{ input_tokens: 100, input_tokens_details: {}, output_tokens: 20, output_tokens_details: {} }],
    openAi(100, null, 20, null),
  ],
  [
    'null details',
    [{ input_tokens: 100, input_tokens_details: null, output_tokens: 20, output_tokens_details: null }],
    openAi(100, null, 20, null),
  ],
  [
    'details that are a list',
    [{ input_tokens: 100, input_tokens_details: [64], output_tokens: 20, output_tokens_details: [8] }],
    openAi(100, null, 20, null),
  ],
  [
    'details that are a number',
    [{ input_tokens: 100, input_tokens_details: 64, output_tokens: 20, output_tokens_details: 8 }],
    openAi(100, null, 20, null),
  ],
  ['null cached', [responsesUsage(100, null, 20, 4)], openAi(100, null, 16, 4)],
  ['null reasoning', [responsesUsage(100, 64, 20, null)], openAi(36, 64, 20, null)],
  ['null input', [responsesUsage(null, 64, 20, 4)], openAi(null, 64, 16, 4)],
  ['null output', [responsesUsage(100, 64, null, 4)], openAi(36, 64, null, 4)],
  ['input only', [{ input_tokens: 100 }], openAi(100, null, null, null)],
  ['output only', [{ output_tokens: 20 }], openAi(null, null, 20, null)],
  ['total only', [{ total_tokens: 120 }], NONE],
  ['an empty object', [{}], NONE],
  ['no usage', [], NONE],
  ['null', [null], NONE],
  ['text', ['100'], NONE],
  ['a number', [100], NONE],
  ['a list', [[100, 20]], NONE],
  ['more cached than input', [responsesUsage(100, 200, 20, 0)], openAi(100, null, 20, 0)],
  ['more reasoning than output', [responsesUsage(100, 0, 20, 30)], openAi(100, 0, 20, null)],
  ['negative input', [responsesUsage(-100, 0, 20, 0)], openAi(null, 0, 20, 0)],
  ['negative cached', [responsesUsage(100, -64, 20, 0)], openAi(100, null, 20, 0)],
  ['negative output', [responsesUsage(100, 0, -20, 0)], openAi(100, 0, null, 0)],
  ['negative reasoning', [responsesUsage(100, 0, 20, -8)], openAi(100, 0, 20, null)],
  ['fractions', [responsesUsage(100.5, 0.5, 20.25, 8.5)], NONE],
  ['counts as text', [responsesUsage('100', '64', '20', '8')], NONE],
  ['true and false', [responsesUsage(true, false, true, false)], NONE],
  ['too large to be exact', [responsesUsage(1e30, 0, 2 ** 53, 0)], openAi(null, 0, null, 0)],
  ['the largest exact', [responsesUsage(2 ** 53 - 1, 1, 1, 1)], openAi(2 ** 53 - 2, 1, 0, 1)],
  ["Chat's names", [{ prompt_tokens: 100, completion_tokens: 20, total_tokens: 120 }], NONE],
  [
    'a total that does not add up',
    [{ ...responsesUsage(100, 64, 20, 8), total_tokens: 9999 }],
    openAi(36, 64, 12, 8),
  ],
];

const chatUsage = (prompt: unknown, cached: unknown, completion: unknown, reasoning: unknown): object => ({
  prompt_tokens: prompt,
  completion_tokens: completion,
  total_tokens: Number(prompt) + Number(completion),
  prompt_tokens_details: { cached_tokens: cached, audio_tokens: 0 },
  completion_tokens_details: {
    reasoning_tokens: reasoning,
    audio_tokens: 0,
    accepted_prediction_tokens: 0,
    rejected_prediction_tokens: 0,
  },
});

const CHAT: Row[] = [
  ['plain', [chatUsage(100, 0, 20, 0)], openAi(100, 0, 20, 0)],
  ['cached', [chatUsage(2006, 1920, 300, 0)], openAi(86, 1920, 300, 0)],
  ['all cached', [chatUsage(128, 128, 1, 0)], openAi(0, 128, 1, 0)],
  ['reasoning', [chatUsage(100, 0, 1000, 896)], openAi(100, 0, 104, 896)],
  ['nothing but reasoning', [chatUsage(100, 0, 256, 256)], openAi(100, 0, 0, 256)],
  ['cached and reasoning', [chatUsage(3000, 2048, 700, 512)], openAi(952, 2048, 188, 512)],
  ['all zero', [chatUsage(0, 0, 0, 0)], openAi(0, 0, 0, 0)],
  [
    'old style, without details',
    [{ prompt_tokens: 100, completion_tokens: 20, total_tokens: 120 }],
    openAi(100, null, 20, null),
  ],
  ['without a total', [{ prompt_tokens: 100, completion_tokens: 20 }], openAi(100, null, 20, null)],
  [
    "Ollama's",
    [{ prompt_tokens: 26, completion_tokens: 298, total_tokens: 324 }],
    openAi(26, null, 298, null),
  ],
  [
    "vLLM's, with null details",
    [{ prompt_tokens: 17, total_tokens: 40, completion_tokens: 23, prompt_tokens_details: null }],
    openAi(17, null, 23, null),
  ],
  [
    "DeepSeek's",
    [
      {
        prompt_tokens: 1000,
        completion_tokens: 50,
        total_tokens: 1050,
        prompt_cache_hit_tokens: 640,
        prompt_cache_miss_tokens: 360,
        completion_tokens_details: { reasoning_tokens: 30 },
      },
    ],
    openAi(360, 640, 20, 30),
  ],
  [
    "DeepSeek's, with both ways to say it",
    [
      {
        prompt_tokens: 1000,
        completion_tokens: 50,
        total_tokens: 1050,
        prompt_cache_hit_tokens: 640,
        prompt_cache_miss_tokens: 360,
        prompt_tokens_details: { cached_tokens: 640 },
      },
    ],
    openAi(360, 640, 50, null),
  ],
  [
    "Moonshot's",
    [{ prompt_tokens: 500, completion_tokens: 10, total_tokens: 510, cached_tokens: 256 }],
    openAi(244, 256, 10, null),
  ],
  [
    "xAI's, reasoning beside the completion",
    [{ ...chatUsage(32, 0, 9, 239), total_tokens: 280 }],
    openAi(32, 0, 9, 239),
  ],
  [
    "Google's, less reasoning than completion, and beside it",
    [{ ...chatUsage(10, 0, 100, 40), total_tokens: 150 }],
    openAi(10, 0, 100, 40),
  ],
  [
    'usage in every chunk',
    [chatUsage(100, 0, 1, 0), chatUsage(100, 0, 2, 0), chatUsage(100, 0, 3, 0)],
    openAi(100, 0, 3, 0),
  ],
  ['null until the last', [null, null, chatUsage(100, 0, 3, 0)], openAi(100, 0, 3, 0)],
  ['the last is null', [chatUsage(100, 0, 3, 0), null], openAi(100, 0, 3, 0)],
  ['null cached', [chatUsage(100, null, 20, 4)], openAi(100, null, 16, 4)],
  ['null reasoning', [chatUsage(100, 64, 20, null)], openAi(36, 64, 20, null)],
  ['null prompt', [chatUsage(null, 64, 20, 4)], openAi(null, 64, 16, 4)],
  ['null completion', [chatUsage(100, 64, null, 4)], openAi(36, 64, null, 4)],
  ['prompt only', [{ prompt_tokens: 100 }], openAi(100, null, null, null)],
  ['completion only', [{ completion_tokens: 20 }], openAi(null, null, 20, null)],
  ['total only', [{ total_tokens: 120 }], NONE],
  ['an empty object', [{}], NONE],
  ['no usage', [], NONE],
  ['null', [null], NONE],
  ['text', ['120'], NONE],
  ['a list', [[100]], NONE],
  ['more cached than prompt', [chatUsage(100, 101, 20, 0)], openAi(100, null, 20, 0)],
  ['more reasoning than completion, not beside it', [chatUsage(100, 0, 20, 21)], openAi(100, 0, 20, null)],
  ['negative prompt', [chatUsage(-1, 0, 20, 0)], openAi(null, 0, 20, 0)],
  ['negative cached', [chatUsage(100, -1, 20, 0)], openAi(100, null, 20, 0)],
  ['negative completion', [chatUsage(100, 0, -1, 0)], openAi(100, 0, null, 0)],
  ['negative reasoning', [chatUsage(100, 0, 20, -1)], openAi(100, 0, 20, null)],
  ['fractions', [chatUsage(1.5, 0.5, 2.5, 0.5)], NONE],
  ['counts as text', [chatUsage('100', '64', '20', '4')], NONE],
  ['too large to be exact', [chatUsage(1e21, 1e21, 1e21, 1e21)], NONE],
  ["the Responses API's names", [{ input_tokens: 100, output_tokens: 20 }], NONE],
  [
    'audio and predictions, which are parts of the totals',
    [
      {
        prompt_tokens: 100,
        completion_tokens: 60,
        total_tokens: 160,
        prompt_tokens_details: { cached_tokens: 0, audio_tokens: 30 },
        completion_tokens_details: {
          reasoning_tokens: 10,
          audio_tokens: 20,
          accepted_prediction_tokens: 5,
          rejected_prediction_tokens: 6,
        },
      },
    ],
    openAi(100, 0, 50, 10),
  ],
];

const start = (input: unknown, read: unknown, write: unknown, more: object = {}): object => ({
  input_tokens: input,
  cache_read_input_tokens: read,
  cache_creation_input_tokens: write,
  output_tokens: 1,
  ...more,
});

const split = (fiveMinutes: unknown, oneHour: unknown): object => ({
  cache_creation: { ephemeral_5m_input_tokens: fiveMinutes, ephemeral_1h_input_tokens: oneHour },
});

const thinking = (tokens: unknown): object => ({ output_tokens_details: { thinking_tokens: tokens } });

const ANTHROPIC: Row[] = [
  ['plain', [start(100, 0, 0), { output_tokens: 20 }], buckets(100, 0, 0, null, 20, null)],
  [
    'plain, with the split',
    [start(100, 0, 0, split(0, 0)), { output_tokens: 20 }],
    buckets(100, 0, 0, 0, 20, null),
  ],
  [
    'a cache read beside the input',
    [start(50, 4000, 0), { output_tokens: 20 }],
    buckets(50, 4000, 0, null, 20, null),
  ],
  [
    'more read than input',
    [start(3, 100_000, 0), { output_tokens: 9 }],
    buckets(3, 100_000, 0, null, 9, null),
  ],
  [
    'old style: a write without its lifetime',
    [start(50, 0, 3000), { output_tokens: 20 }],
    buckets(50, 0, 3000, null, 20, null),
  ],
  [
    'a write for five minutes',
    [start(50, 0, 3000, split(3000, 0)), { output_tokens: 20 }],
    buckets(50, 0, 3000, 0, 20, null),
  ],
  [
    'a write for an hour',
    [start(50, 0, 3000, split(0, 3000)), { output_tokens: 20 }],
    buckets(50, 0, 0, 3000, 20, null),
  ],
  [
    'writes for both',
    [start(50, 10, 3000, split(1000, 2000)), { output_tokens: 20 }],
    buckets(50, 10, 1000, 2000, 20, null),
  ],
  ['read and both writes', [start(1, 2, 7, split(3, 4)), { output_tokens: 5 }], buckets(1, 2, 3, 4, 5, null)],
  [
    'a split without its total',
    [{ input_tokens: 50, ...split(10, 20), output_tokens: 1 }, { output_tokens: 5 }],
    buckets(50, null, 10, 20, 5, null),
  ],
  [
    'a split with a null total',
    [start(50, 0, null, split(10, 20)), { output_tokens: 5 }],
    buckets(50, 0, 10, 20, 5, null),
  ],
  [
    'a split that is too small',
    [start(50, 0, 100, split(10, 20)), { output_tokens: 5 }],
    buckets(50, 0, 80, 20, 5, null),
  ],
  [
    'a split that is too large',
    [start(50, 0, 100, split(90, 60)), { output_tokens: 5 }],
    buckets(50, 0, 40, 60, 5, null),
  ],
  [
    'an hour that exceeds the total',
    [start(50, 0, 100, split(0, 300)), { output_tokens: 5 }],
    buckets(50, 0, 0, 100, 5, null),
  ],
  [
    'only the five minutes are told',
    [start(50, 0, 100, { cache_creation: { ephemeral_5m_input_tokens: 100 } }), { output_tokens: 5 }],
    buckets(50, 0, 100, null, 5, null),
  ],
  [
    'only the hour is told',
    [start(50, 0, 100, { cache_creation: { ephemeral_1h_input_tokens: 30 } }), { output_tokens: 5 }],
    buckets(50, 0, 70, 30, 5, null),
  ],
  [
    'a null split',
    [start(50, 0, 100, { cache_creation: null }), { output_tokens: 5 }],
    buckets(50, 0, 100, null, 5, null),
  ],
  [
    'a negative split',
    [start(50, 0, 100, split(-1, -2)), { output_tokens: 5 }],
    buckets(50, 0, 100, null, 5, null),
  ],
  [
    'deltas are cumulative',
    [start(100, 0, 0), { output_tokens: 10 }, { output_tokens: 25 }, { output_tokens: 40 }],
    buckets(100, 0, 0, null, 40, null),
  ],
  [
    'the delta repeats the input',
    [
      start(100, 20, 0),
      { input_tokens: 100, cache_read_input_tokens: 20, cache_creation_input_tokens: 0, output_tokens: 7 },
    ],
    buckets(100, 20, 0, null, 7, null),
  ],
  [
    'the delta has more input (server tools)',
    [
      start(100, 0, 0),
      { input_tokens: 900, cache_read_input_tokens: 50, cache_creation_input_tokens: 0, output_tokens: 7 },
    ],
    buckets(900, 50, 0, null, 7, null),
  ],
  [
    'the delta has more writes than the split',
    [start(100, 0, 30, split(10, 20)), { cache_creation_input_tokens: 50, output_tokens: 7 }],
    buckets(100, 0, 30, 20, 7, null),
  ],
  [
    'the delta has null input',
    [
      start(100, 20, 30),
      {
        input_tokens: null,
        cache_read_input_tokens: null,
        cache_creation_input_tokens: null,
        output_tokens: 7,
      },
    ],
    buckets(100, 20, 30, null, 7, null),
  ],
  [
    'the delta has zero input (gateways)',
    [
      start(100, 20, 30),
      { input_tokens: 0, cache_read_input_tokens: 0, cache_creation_input_tokens: 0, output_tokens: 7 },
    ],
    buckets(100, 20, 30, null, 7, null),
  ],
  [
    'the start has zero input (gateways)',
    [start(0, 0, 0), { input_tokens: 100, output_tokens: 7 }],
    buckets(100, 0, 0, null, 7, null),
  ],
  [
    'the delta falls',
    [start(100, 0, 0), { output_tokens: 40 }, { output_tokens: 30 }],
    buckets(100, 0, 0, null, 40, null),
  ],
  ['no delta usage', [start(100, 0, 0)], buckets(100, 0, 0, null, 1, null)],
  ['only a delta', [undefined, { output_tokens: 20 }], buckets(null, null, null, null, 20, null)],
  [
    'thinking',
    [start(100, 0, 0), { output_tokens: 500, ...thinking(420) }],
    buckets(100, 0, 0, null, 80, 420),
  ],
  [
    'nothing but thinking',
    [start(100, 0, 0), { output_tokens: 500, ...thinking(500) }],
    buckets(100, 0, 0, null, 0, 500),
  ],
  [
    'no thinking',
    [start(100, 0, 0), { output_tokens: 500, ...thinking(0) }],
    buckets(100, 0, 0, null, 500, 0),
  ],
  [
    'cumulative thinking',
    [start(100, 0, 0), { output_tokens: 90, ...thinking(80) }, { output_tokens: 500, ...thinking(420) }],
    buckets(100, 0, 0, null, 80, 420),
  ],
  [
    'more thinking than output',
    [start(100, 0, 0), { output_tokens: 50, ...thinking(60) }],
    buckets(100, 0, 0, null, 50, null),
  ],
  [
    'null thinking',
    [start(100, 0, 0), { output_tokens: 50, output_tokens_details: null }],
    buckets(100, 0, 0, null, 50, null),
  ],
  [
    'missing cache fields',
    [{ input_tokens: 100, output_tokens: 1 }, { output_tokens: 5 }],
    buckets(100, null, null, null, 5, null),
  ],
  [
    'null cache fields',
    [start(100, null, null), { output_tokens: 5 }],
    buckets(100, null, null, null, 5, null),
  ],
  ['no input', [{ output_tokens: 1 }, { output_tokens: 5 }], buckets(null, null, null, null, 5, null)],
  [
    'null output',
    [start(100, 0, 0, { output_tokens: null }), { output_tokens: null }],
    buckets(100, 0, 0, null, null, null),
  ],
  [
    'all zero',
    [start(0, 0, 0, { output_tokens: 0, ...split(0, 0) }), { output_tokens: 0 }],
    buckets(0, 0, 0, 0, 0, null),
  ],
  ['no usage', [], NONE],
  ['null', [null, null], NONE],
  ['empty objects', [{}, {}], NONE],
  ['text', ['100', '20'], NONE],
  ['negative', [start(-1, -2, -3, { output_tokens: -4 }), { output_tokens: -5 }], NONE],
  ['fractions', [start(1.5, 2.5, 3.5, { output_tokens: 0.5 }), { output_tokens: 5.5 }], NONE],
  ['counts as text', [start('1', '2', '3', { output_tokens: '4' }), { output_tokens: '5' }], NONE],
  [
    'a valid start, an absurd delta',
    [start(100, 0, 0), { output_tokens: -20 }],
    buckets(100, 0, 0, null, 1, null),
  ],
  [
    'too large to be exact',
    [start(1e300, 0, 0), { output_tokens: 2 ** 60 }],
    buckets(null, 0, 0, null, 1, null),
  ],
  [
    'server tools and tiers beside it',
    [
      start(100, 0, 0, { service_tier: 'standard', server_tool_use: { web_search_requests: 3 } }),
      { output_tokens: 5, server_tool_use: { web_search_requests: 3 } },
    ],
    buckets(100, 0, 0, null, 5, null),
  ],
];

const under = (protocol: ProviderProtocol, rows: Row[]): UsageShape[] =>
  rows.map(([name, wire, expected]) => ({ name, protocol, wire, expected }));

export const USAGE_SHAPES: UsageShape[] = [
  ...under('openai-responses', RESPONSES),
  ...under('openai-chat', CHAT),
  ...under('anthropic', ANTHROPIC),
];
