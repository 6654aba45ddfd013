import pino from 'pino';
import type { Actor } from '../../domain/roles';
import type { CreatedRun } from '../../domain/runs/create';
import { createJobs } from '../../jobs/enqueue';
import { openBroker } from '../../lib/broker';
import { createRunWorld, type RunWorld } from '../domain/runs/fixture';
import { addScriptedAgent } from '../factories/agents';
import { SECRET } from '../realtime/fixture';
import { spawnApp, spawnNode, type App } from '../support/app';
import { eventually } from '../support/eventually';
import { startRedis, type TestRedis } from '../support/redis';
import { sandboxControl, type TestSandbox } from '../support/sandbox';
import { join } from 'node:path';

/** How a run stands, with its reply. */
export interface RunStanding {
  id: string;
  status: string;
  reasonCode: string | null;
  reason: string | null;
  reply: string;
  replyStatus: string;
}

/** Server, workers and sandbox as processes of their own, on a Redis and a database of a test file's own. */
export interface Platform extends RunWorld {
  redis: TestRedis;
  sandbox: Pick<TestSandbox, 'url' | 'rules' | 'requests' | 'reset'>;
  startWorker(env?: Record<string, string>): Promise<App>;
  /** @returns its port */
  startServer(): Promise<number>;
  /** An agent of the first business, which does what the message it is asked scripts. */
  addAgent(columns?: Record<string, unknown>, businessId?: string): Promise<string>;
  /** Asks past the limits of HTTP, and hands the runs to the workers all at once. */
  chat(...questions: Question[]): Promise<string[]>;
  /** Hands runs to the workers. */
  deliver(created: readonly CreatedRun[]): Promise<void>;
  /** In the order of the ids. */
  standings(runIds: readonly string[]): Promise<RunStanding[]>;
  /** Waits until every run has its end. */
  ended(runIds: readonly string[]): Promise<RunStanding[]>;
  close(): Promise<void>;
}

export interface Question {
  content: string;
  actor?: Actor;
  agentId?: string;
  conversationId?: string;
}

export async function openPlatform(): Promise<Platform> {
  const apps: App[] = [];
  const started = (app: App): App => {
    apps.push(app);
    return app;
  };
  const sandboxApp = started(
    spawnNode([join(__dirname, '..', '..', 'dist', 'sandbox', 'main.js')], { PORT: '0', LOG_LEVEL: 'info' }),
  );
  const [world, redis, line] = await Promise.all([
    createRunWorld(),
    startRedis(),
    sandboxApp.waitForLine(/"sandbox":"ready"/),
  ]);
  const { url } = JSON.parse(line) as { url: string };
  const environment = {
    DATABASE_URL: world.url,
    REDIS_URL: redis.url,
    SANDBOX_URL: url,
    ALLOW_PRIVATE_HOSTS: new URL(url).host,
    JWT_SECRET: SECRET,
    ENCRYPTION_KEYS: SECRET,
    HOST: '127.0.0.1',
    PORT: '0',
    LOG_LEVEL: 'info',
  };
  const logger = pino({ level: process.env.TEST_LOG_LEVEL ?? 'silent' });
  const broker = openBroker({ databaseUrl: world.url, redisUrl: redis.url, cluster: false, logger });
  const jobs = createJobs(broker);
  await broker.ready();

  const deliver: Platform['deliver'] = (created) =>
    jobs.enqueueMany(
      'agent-run',
      created.flatMap(({ deliveries }) => deliveries),
    );
  const standings: Platform['standings'] = async (runIds) =>
    (await world.sql(
      `select r.id, r.status, r.reason_code as "reasonCode", r.reason, m.content as reply, m.status as "replyStatus"
         from unnest($1::uuid[]) with ordinality as asked (id, place)
         join runs r using (id) join messages m on m.id = r.reply_id order by place`,
      [runIds],
    )) as unknown as RunStanding[];
  const openOf = async (runIds: readonly string[]): Promise<number> => {
    const open = await world.sql(
      `select from runs where id = any($1) and status in ('queued', 'running', 'waiting')`,
      [runIds],
    );
    return open.length;
  };
  return {
    ...world,
    redis,
    sandbox: { url, ...sandboxControl(url) },
    standings,
    deliver,
    async startWorker(env = {}) {
      const app = started(spawnApp('worker', { ...environment, ...env }));
      await app.waitForLine(/worker ready/);
      return app;
    },
    async startServer() {
      const app = started(spawnApp('server', environment));
      return (JSON.parse(await app.waitForLine(/server ready/)) as { port: number }).port;
    },
    addAgent: (columns, businessId = world.businessId) => addScriptedAgent(world.sql, businessId, columns),
    async chat(...questions) {
      const created = await Promise.all(questions.map((question) => world.ask(question)));
      await deliver(created);
      return created.map(({ run }) => run.id);
    },
    async ended(runIds) {
      for (let left = runIds.length; left > 0;) {
        const before = left;
        // Each step has its own limit: many runs may take long, but not without one of them ending.
        left = await eventually(`fewer than ${before} open runs`, async () => {
          const now = await openOf(runIds);
          return now < before ? { now } : undefined;
        }).then(({ now }) => now);
      }
      return standings(runIds);
    },
    async close() {
      const running = apps.filter(({ proc }) => proc.exitCode === null && proc.signalCode === null);
      await Promise.all(running.map((app) => app.kill('SIGKILL')));
      await broker.close();
      await world.drop();
      await redis.stop();
    },
  };
}
