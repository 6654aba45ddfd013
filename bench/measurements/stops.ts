import OpenAI from 'openai';
import { setTimeout as sleep } from 'node:timers/promises';
import { newId } from '../../lib/ids';
import type { LoggedRequest } from '../../sandbox/control/request-log';
import { SANDBOX_KEY, sandboxControl } from '../../test/support/sandbox';
import { inTurns, type Figures } from '../harness/rounds';
import { median, p99 } from '../harness/statistics';
import { makeAgent, startProvider, tell } from '../parts/agents';
import { makeTenant } from '../parts/people';
import { startProduct } from '../parts/product';
import { onStage, type BrokerKind, type Stage } from '../parts/stage';
import type { Bench, Measurement } from './measurement';

/** Stops of one side in one round, and how many answers are under way at once. */
const PER_ROUND = 200;
const AT_ONCE = 10;
/** Of an answer that is stopped long before its end. */
const TOKENS = 1_500;
const TOKENS_PER_SECOND = 50;
/** A stop comes at any moment of this time, ms, once the first tokens went out: longer than a piece is rolled up. */
const SPREAD_MS = 100;
/** How often the provider is asked, ms. The time of a closed connection is its own. */
const LOOK_EVERY_MS = 5;
/** From the request to the closed connection (product's goal), ms. */
const STOPPED_WITHIN_MS = 250;

/** ms since 1970, as the provider has them. */
const now = () => performance.timeOrigin + performance.now();

/** One answer that is asked for, and then stopped. ms since the stop was sent. */
interface Stopped {
  closed: number;
  acknowledged: number;
}

/** Asks with these words; gives what stops the answer. */
type Side = (words: string) => Promise<() => Promise<void>>;

/** From asking for a stop to the closed connection at the provider, beside the provider's SDK aborted directly. */
export const stops: Measurement = async (bench) => {
  await measureOn(bench, 'redis', 'one server and one worker process');
  await measureOn(bench, 'postgres', 'one process, no Redis');
};

async function measureOn(
  { servers, rounds, show }: Bench,
  broker: BrokerKind,
  processes: string,
): Promise<void> {
  await onStage(servers, broker, async (stage) => {
    const provider = await startProvider(stage, true);
    const ours = await productSide(stage, broker, provider.url);
    const direct = directSide(provider.url);
    const goal = { of: 'worst', atMost: STOPPED_WITHIN_MS } as const;
    show({
      title: `stops on ${broker}: POST to the provider's closed connection, ${AT_ONCE} answers at once (${processes})`,
      baseline: "the provider's SDK in this process, aborted: no HTTP, queue, database or session",
      figures: [
        { key: 'p50', label: 'closed, p50', unit: 'ms', better: 'lower' },
        { key: 'p99', label: 'closed, p99', unit: 'ms', better: 'lower', goal },
        { key: 'acknowledged', label: 'acknowledged, p50', unit: 'ms', better: 'lower' },
      ],
      rounds: await inTurns(
        rounds,
        () => stopMany(provider.url, ours),
        () => stopMany(provider.url, direct),
      ),
      notes: [`${PER_ROUND} stops per side and round`],
    });
  });
}

async function productSide(stage: Stage, broker: BrokerKind, providerUrl: string): Promise<Side> {
  const tenant = await makeTenant(stage);
  const { token } = tenant;
  const agentId = await makeAgent(stage, tenant);
  const environment = { SANDBOX_URL: providerUrl };
  const product = await startProduct(stage, broker === 'redis' ? 'server' : 'start', [], environment);
  if (broker === 'redis') await startProduct(stage, 'worker', [], environment);
  const post = async (path: string, body: object): Promise<{ run?: { id: string } }> => {
    const response = await fetch(`http://127.0.0.1:${product.port}/api/v1${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token()}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const answer = (await response.json()) as { data: { run?: { id: string } } };
    if (!response.ok) throw new Error(`${path} was answered with ${response.status}.`);
    return answer.data;
  };
  return async (message) => {
    const { run } = await post(`/agents/${agentId}/chat`, { message });
    return async () => void (await post(`/runs/${run?.id}/cancel`, {}));
  };
}

function directSide(url: string): Side {
  const client = new OpenAI({ apiKey: SANDBOX_KEY, baseURL: `${url}/v1`, maxRetries: 0 });
  return async (input) => {
    const stop = new AbortController();
    const { signal } = stop;
    const events = await client.responses.create(
      { model: 'sandbox-script', input, stream: true },
      { signal },
    );
    const reading = (async () => {
      for await (const _ of events);
    })().catch(() => undefined);
    return async () => {
      stop.abort();
      await reading;
    };
  };
}

async function stopMany(providerUrl: string, side: Side): Promise<Figures> {
  const provider = sandboxControl(providerUrl);
  const stopped: Stopped[] = [];
  let seen = 0;
  const find = async (after: number, fits: (request: LoggedRequest) => boolean): Promise<LoggedRequest> => {
    for (;;) {
      const found = (await provider.requests(after)).find(fits);
      if (found) return found;
      await sleep(LOOK_EVERY_MS);
    }
  };
  const lane = async () => {
    for (let count = 0; count < PER_ROUND / AT_ONCE; count += 1) {
      const mark = newId();
      const stop = await side(`${mark} ${tell(TOKENS, TOKENS_PER_SECOND)}`);
      const { seq } = await find(
        seen,
        ({ body, chunksSent }) => chunksSent > 0 && JSON.stringify(body).includes(mark),
      );
      await sleep(Math.random() * SPREAD_MS);
      const from = now();
      await stop();
      const acknowledged = now() - from;
      const { closedAt } = await find(seq - 1, (request) => request.seq === seq && request.closedAt !== null);
      stopped.push({ closed: Math.max(0, (closedAt ?? 0) - from), acknowledged });
    }
  };
  seen = (await provider.requests()).at(-1)?.seq ?? 0;
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  await provider.reset();
  const closed = stopped.map((one) => one.closed);
  return {
    p50: median(closed),
    p99: p99(closed),
    acknowledged: median(stopped.map((one) => one.acknowledged)),
  };
}
