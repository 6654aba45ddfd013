import { rmSync } from 'node:fs';
import type { Person } from '../realtime/fixture';
import { SECRET } from '../realtime/fixture';
import { createRefreshWorld, type RefreshWorld, type State } from '../domain/refresh/fixture';
import { spawnApp, type App } from '../support/app';
import { eventually } from '../support/eventually';
import { startRedis, type TestRedis } from '../support/redis';
import { temporaryDirectory } from '../support/temporary';
import { startSource, type TestSource } from './source';

export type Broker = 'redis' | 'postgres';

export interface ServerProcess {
  app: App;
  url: string;
  port: number;
}

/** A platform of real processes that a test may kill, with a source that the test controls. */
export interface Stage {
  world: RefreshWorld;
  source: TestSource;
  /** Only on Redis. */
  redis: TestRedis;
  owner: Person;
  businessId: string;
  /** A process that refreshes widgets. On the Postgres broker it is server and worker in one, as `npm start` is. */
  startWorker(env?: Record<string, string>): Promise<App>;
  startServer(): Promise<ServerProcess>;
  /** A widget that asks the source under this name. */
  addWidget(name: string, options?: Parameters<RefreshWorld['addWidgets']>[2]): Promise<string>;
  /** Waits for a widget's state. */
  reaches(widgetId: string, what: string, fits: (state: State) => boolean): Promise<State>;
  close(): Promise<void>;
}

export async function openStage(broker: Broker = 'redis'): Promise<Stage> {
  const [world, source, redis] = await Promise.all([
    createRefreshWorld(),
    startSource(),
    broker === 'redis' ? startRedis() : undefined,
  ]);
  const businessId = await world.addBusiness();
  const owner = await world.addPerson(businessId, 'admin');
  const directory = temporaryDirectory();
  const apps: App[] = [];
  const spawn = (entry: 'server' | 'worker' | 'start', env: Record<string, string> = {}): App => {
    const app = spawnApp(entry, {
      DATABASE_URL: world.url,
      JWT_SECRET: SECRET,
      ENCRYPTION_KEYS: SECRET,
      ALLOW_PRIVATE_HOSTS: `127.0.0.1:${source.port}`,
      HOST: '127.0.0.1',
      PORT: '0',
      LOG_LEVEL: 'info',
      DATA_DIR: directory,
      ...(redis && { REDIS_URL: redis.url }),
      ...env,
    });
    apps.push(app);
    return app;
  };
  const isRunning = ({ proc }: App) => proc.exitCode === null && proc.signalCode === null;

  return {
    world,
    source,
    redis: redis as TestRedis,
    owner,
    businessId,
    async startWorker(env) {
      const app = spawn(broker === 'redis' ? 'worker' : 'start', env);
      await app.waitForLine(broker === 'redis' ? /worker ready/ : /"msg":"ready"/);
      return app;
    },
    async startServer() {
      const app = spawn('server');
      const { port } = JSON.parse(await app.waitForLine(/server ready/)) as { port: number };
      return { app, port, url: `http://127.0.0.1:${port}/api/v1` };
    },
    async addWidget(name, options = {}) {
      // Every test's first sweep comes late after the template was made, which is no outage.
      await world.sql('update refresh_sweeps set last_at = now()');
      const [id] = await world.addWidgets(owner, 1, { source: source.source(name), dueInMs: 0, ...options });
      return id as string;
    },
    reaches: (widgetId, what, fits) =>
      eventually(what, async () => {
        const state = await world.state(widgetId);
        return fits(state) ? state : undefined;
      }),
    async close() {
      // A stopped process hears SIGKILL only.
      await Promise.all(apps.filter(isRunning).map((app) => app.kill('SIGKILL')));
      await source.close();
      await redis?.stop();
      await world.drop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Opens a stage, plays on it, and clears it away however that ended. */
async function play(broker: Broker, scene: (stage: Stage) => Promise<void>): Promise<void> {
  const stage = await openStage(broker);
  try {
    await scene(stage);
  } finally {
    await stage.close();
  }
}

/** Plays scenes that mostly wait, all at once, each on a stage of its own; a test then waits for its scene. */
export function together<Name extends string>(
  brokers: readonly Broker[],
  scenes: Record<Name, (stage: Stage) => Promise<void>>,
): (broker: Broker, name: Name) => Promise<void> {
  const begun = new Map<string, Promise<void>>();
  for (const broker of brokers) {
    for (const [name, scene] of Object.entries(scenes) as [Name, (stage: Stage) => Promise<void>][]) {
      const playing = play(broker, scene);
      // Its own test hears of it.
      playing.catch(() => undefined);
      begun.set(`${broker} ${name}`, playing);
    }
  }
  return (broker, name) =>
    begun.get(`${broker} ${name}`) ?? Promise.reject(new Error(`Nobody plays ${name} on ${broker}.`));
}
