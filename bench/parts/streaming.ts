import { openChats } from '../clients/chat';
import { Closing } from '../harness/closing';
import {
  keepStreaming,
  warmUp,
  WARM_UP_STREAMS,
  type Answered,
  type Ask,
  type Load,
} from '../clients/streams';
import { SANDBOX_KEY } from '../../test/support/sandbox';
import { makeAgent, startProvider } from './agents';
import { startHelper } from './helper';
import { makeTenant } from './people';
import { startProduct } from './product';
import type { Stage } from './stage';

/** Tokens a second of one answer. */
export const TOKENS_PER_SECOND = 50;
/** Members of the business that ask; each has ten conversations. */
const PEOPLE = 40;
/** More than any measurement has at once: that it is refused is not what is measured. */
const AGENT_SLOTS = 1_000;

/** Streams one load, and says what was seen. */
export type Side = (load: Omit<Load, 'tokensPerSecond'>) => Promise<Answered[]>;

export interface Streaming {
  /** Of both sides, once before what is measured. */
  warmUp(): Promise<void>;
  ours: Side;
  direct: Side;
  pids: { server: number; worker: number; provider: number };
  directPids: { direct: number; provider: number };
}

/** One server and one worker process, a provider, and a process that asks the provider with its SDK alone. */
export async function startStreaming(stage: Stage): Promise<Streaming> {
  const provider = await startProvider(stage);
  const tenant = await makeTenant(stage, PEOPLE);
  const { token } = tenant;
  const agentId = await makeAgent(stage, tenant);
  const environment = { SANDBOX_URL: provider.url, AGENT_SLOTS: String(AGENT_SLOTS) };
  const server = await startProduct(stage, 'server', [], environment);
  const worker = await startProduct(stage, 'worker', [], environment);
  const direct = await startHelper(stage, 'baselines/direct-sdk', { url: provider.url, key: SANDBOX_KEY });
  const tokensPerSecond = TOKENS_PER_SECOND;
  async function withChats<T>(count: number, work: (asks: Ask[]) => Promise<T>): Promise<T> {
    const closing = new Closing();
    // Otherwise each of a person's sockets would hear of what the next ones do.
    stage.closing.add(() => closing.close());
    try {
      return await work(await openChats(closing, server.port, { agentId, count, token, tokensPerSecond }));
    } finally {
      await closing.close();
    }
  }
  return {
    async warmUp() {
      await withChats(WARM_UP_STREAMS, warmUp);
      await direct.ask('warmUp', { tokensPerSecond });
    },
    ours: ({ streams, ...load }) =>
      withChats(streams, (asks) => keepStreaming(asks, { ...load, tokensPerSecond })),
    direct: async (load) => (await direct.ask('stream', { ...load, tokensPerSecond })) as Answered[],
    pids: { server: server.pid, worker: worker.pid, provider: provider.pid },
    directPids: { direct: direct.pid, provider: provider.pid },
  };
}
