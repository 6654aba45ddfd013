import OpenAI from 'openai';
import { msSinceMoment } from '../../sandbox/answer/moment';
import {
  keepStreaming,
  warmUp,
  WARM_UP_STREAMS,
  type Answered,
  type Ask,
  type Load,
} from '../clients/streams';
import { tell } from '../parts/agents';
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
      lagsMs.push(msSinceMoment(event.delta));
    }
    return { firstMs, lagsMs };
  }

  const asksOf = (streams: number, tokensPerSecond: number): Ask[] =>
    Array.from({ length: streams }, () => (tokens) => answer(tell(tokens, tokensPerSecond)));

  return {
    warmUp: ({ tokensPerSecond }: Pick<Load, 'tokensPerSecond'>) =>
      warmUp(asksOf(WARM_UP_STREAMS, tokensPerSecond)),
    stream: ({ streams, ...load }: Load) => keepStreaming(asksOf(streams, load.tokensPerSecond), load),
  };
});
