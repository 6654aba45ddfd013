import pino from 'pino';
import type { Parts } from '../../../compose/parts';
import { seedPrices } from '../../../domain/money/seed-prices';
import { requestStop } from '../../../domain/runs/stop';
import { signalStop } from '../../../domain/runs/signals';
import { createJobs } from '../../../jobs/enqueue';
import { openBroker } from '../../../lib/broker';
import { parseEnv } from '../../../lib/env';
import { createMetrics, type Metrics } from '../../../lib/metrics/metrics';
import { createShutdown } from '../../../lib/shutdown';
import type { Publish } from '../../../realtime/publish';
import { createAgentParts, type AgentParts } from '../../../workers/agents/parts';
import { startWorkers } from '../../../workers/app';
import { createRunWorld, type RunWorld } from '../../domain/runs/fixture';
import { addScriptedAgent } from '../../factories/agents';
import { eventually } from '../../support/eventually';
import { createTestRedis } from '../../support/redis';
import { scripted, startTestSandbox, type TestSandbox } from '../../support/sandbox';

/** Shorter than the real one, so that a stall is seen soon; longer than two shared cores stand still. */
const IDLE_TIMEOUT_MS = 3_000;

export interface Announced {
  rooms: readonly string[];
  event: string;
  payload: Record<string, unknown>;
}

export interface RunEnding {
  status: string;
  reasonCode: string | null;
  reason: string | null;
  model: string | null;
  epoch: number;
  costNano: string;
  estimated: boolean;
  reply: string;
  replyStatus: string;
  title: string;
}

export interface LedgerRow {
  id: string;
  epoch: number;
  turn: number;
  attempt: number;
  model: string;
  status: string;
  outcome: string | null;
  errorCode: string | null;
  stopReason: string | null;
  input: number | null;
  outputText: number | null;
  outputCap: number;
  holdNano: string;
  costNano: string;
  estimated: boolean;
}

type Script = Parameters<typeof scripted>[0];

/** Workers in this process on a real broker, a real Postgres, and a sandbox behind real HTTP. */
export interface AgentWorld extends RunWorld {
  sandbox: TestSandbox;
  parts: Parts;
  agents: AgentParts;
  metrics: Metrics;
  announced: Announced[];
  /** Deltas of one run, in their order. */
  deltas(runId: string): { position: number; text: string; epoch: number }[];
  addAgent(columns?: Record<string, unknown>): Promise<string>;
  /** Asks, and hands the run to the workers. */
  chat(content: string | Script, options?: Parameters<RunWorld['ask']>[0]): Promise<string>;
  /** Asks, and waits for the end. */
  answered(
    content: string | Script,
    options?: Parameters<RunWorld['ask']>[0],
  ): Promise<RunEnding & { id: string }>;
  ended(runId: string): Promise<RunEnding>;
  ledger(runId: string): Promise<LedgerRow[]>;
  stop(runId: string): Promise<void>;
  close(): Promise<void>;
}

export async function createAgentWorld(kind: 'redis' | 'postgres'): Promise<AgentWorld> {
  const [world, sandbox, redis] = await Promise.all([
    createRunWorld(),
    startTestSandbox(),
    kind === 'redis' ? createTestRedis() : undefined,
  ]);
  await seedPrices(world.db);
  const logger = pino({ level: process.env.TEST_LOG_LEVEL ?? 'silent' });
  const env = parseEnv({
    DATABASE_URL: world.url,
    SANDBOX_URL: sandbox.url,
    ENCRYPTION_KEYS: 'a key for tests',
    ALLOW_PRIVATE_HOSTS: new URL(sandbox.url).host,
    ...(redis && { REDIS_URL: redis.url }),
  });
  const broker = openBroker({ databaseUrl: world.url, redisUrl: redis?.url, cluster: false, logger });
  await broker.ready();
  const announced: Announced[] = [];
  const publish: Publish = (rooms, event, payload) =>
    void announced.push({ rooms, event, payload: payload as unknown as Announced['payload'] });
  const shutdown = createShutdown(logger);
  const parts: Parts = { env, logger, db: world.db, broker, jobs: createJobs(broker), publish };
  const agents = createAgentParts({
    allowPrivateHosts: env.ALLOW_PRIVATE_HOSTS,
    idleTimeoutMs: IDLE_TIMEOUT_MS,
  });
  const metrics = createMetrics();
  await startWorkers({ ...parts, shutdown, agents, metrics });

  const addAgent: AgentWorld['addAgent'] = (columns) =>
    addScriptedAgent(world.sql, world.businessId, columns);
  const agentId = await addAgent();
  const chat: AgentWorld['chat'] = async (content, options = {}) => {
    const text = typeof content === 'string' ? content : scripted(content);
    const { run, deliveries } = await world.ask({ agentId, ...options, content: text });
    await parts.jobs.enqueueMany('agent-run', deliveries);
    return run.id;
  };
  const read = async (runId: string): Promise<RunEnding> => {
    const [row] = await world.sql(
      `select r.status, r.reason_code as "reasonCode", r.reason, r.model, r.epoch, r.cost_nano::text as "costNano",
              r.estimated, m.content as reply, m.status as "replyStatus", c.title
         from runs r join messages m on m.id = r.reply_id join conversations c on c.id = r.conversation_id
        where r.id = $1`,
      [runId],
    );
    return row as unknown as RunEnding;
  };
  const ended: AgentWorld['ended'] = (runId) =>
    eventually(`run ${runId} ends`, async () => {
      const row = await read(runId);
      return ['completed', 'stopped', 'failed'].includes(row.status) ? row : undefined;
    });
  return {
    ...world,
    sandbox,
    parts,
    agents,
    metrics,
    announced,
    agentId,
    addAgent,
    chat,
    ended,
    deltas: (runId) =>
      announced.flatMap(({ event, payload }) =>
        event === 'message.delta' && payload.runId === runId
          ? [payload as unknown as { position: number; text: string; epoch: number }]
          : [],
      ),
    async answered(content, options) {
      const id = await chat(content, options);
      return { id, ...(await ended(id)) };
    },
    ledger: async (runId) =>
      (await world.sql(
        `select id, epoch, turn, attempt, provider || '/' || model_requested as model, status, outcome,
                error_code as "errorCode", stop_reason as "stopReason", input::int, output_text::int as "outputText",
                output_cap as "outputCap", hold_nano::text as "holdNano", cost_nano::text as "costNano", estimated
           from ledger where run_id = $1 order by turn, attempt, created_at`,
        [runId],
      )) as unknown as LedgerRow[],
    async stop(runId) {
      const { run } = await requestStop(world.db, world.ann, runId);
      if (run.status === 'running') signalStop(broker.signals, runId);
    },
    async close() {
      await shutdown.run('the test is over');
      await broker.close();
      await sandbox.close();
      await world.drop();
      await redis?.drop();
    },
  };
}
