import { openChats } from '../clients/chat';
import { keepStreaming, type Answered } from '../clients/streams';
import { SANDBOX_KEY } from '../../test/support/sandbox';
import { makeAgent, startProvider, tell } from './agents';
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

/** Answers of one length, so many at once. */
export interface Load {
  streams: number;
  /** Of one answer. */
  tokens: number;
  /** Answers of each stream before those that are measured. */
  warmUp: number;
  /** Answers that are measured of each stream. */
  each: number;
}

type Side = (load: Load) => Promise<Answered[]>;

export interface Streaming {
  ours: Side;
  direct: Side;
  pids: { server: number; worker: number; provider: number };
  directPids: { direct: number; provider: number };
}

/** One server and one worker process, a provider, and a process that asks the provider with its SDK alone. */
export async function startStreaming(stage: Stage): Promise<Streaming> {
  const provider = await startProvider(stage);
  const { businessId, token } = await makeTenant(stage, PEOPLE);
  const agentId = await makeAgent(stage, businessId);
  const environment = { SANDBOX_URL: provider.url, AGENT_SLOTS: String(AGENT_SLOTS) };
  const server = await startProduct(stage, 'server', [], environment);
  const worker = await startProduct(stage, 'worker', [], environment);
  const direct = await startHelper(stage, 'baselines/direct-sdk', { url: provider.url, key: SANDBOX_KEY });
  const answerMs = (tokens: number) => (tokens / TOKENS_PER_SECOND) * 1_000;
  return {
    async ours({ streams: count, tokens, warmUp, each }) {
      const words = tell(tokens, TOKENS_PER_SECOND);
      const asks = await openChats(stage, server.port, { agentId, count, token, words });
      // What a database in use has, and autovacuum would bring here within a minute.
      await stage.sql.query('analyze');
      return keepStreaming(asks, { warmUp, each }, answerMs(tokens));
    },
    direct: async ({ streams: count, tokens, warmUp, each }) => {
      const words = tell(tokens, TOKENS_PER_SECOND);
      const argument = { count, warmUp, each, answerMs: answerMs(tokens), words };
      return (await direct.ask('stream', argument)) as Answered[];
    },
    pids: { server: server.pid, worker: worker.pid, provider: provider.pid },
    directPids: { direct: direct.pid, provider: provider.pid },
  };
}
