import OpenAI from 'openai';
import { keepStreaming, lagOf, type Answered, type Ask } from '../clients/streams';
import { serveCommands } from '../parts/helper';

/** As many tokens as the bench's agents may answer with. */
const MAX_OUTPUT_TOKENS = 4_000;

/** The provider's own SDK, asked directly and read to the end: no queue, no database, nobody told. */
serveCommands(async ({ url, key }: { url: string; key: string }) => {
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: key, maxRetries: 0 });

  async function answer(words: string): Promise<Answered> {
    const askedAt = performance.now();
    const stream = await client.responses.create({
      model: 'sandbox-script',
      input: words,
      max_output_tokens: MAX_OUTPUT_TOKENS,
      stream: true,
    });
    let firstMs = Number.NaN;
    const lagsMs: number[] = [];
    for await (const event of stream) {
      if (event.type !== 'response.output_text.delta') continue;
      if (lagsMs.length === 0) firstMs = performance.now() - askedAt;
      lagsMs.push(lagOf(event.delta));
    }
    return { firstMs, lagsMs };
  }

  return {
    stream: ({
      count,
      warmUp,
      each,
      answerMs,
      words,
    }: {
      count: number;
      warmUp: number;
      each: number;
      answerMs: number;
      words: string;
    }) => {
      const asks: Ask[] = Array.from({ length: count }, () => () => answer(words));
      return keepStreaming(asks, { warmUp, each }, answerMs);
    },
  };
});
