import { openParts } from './compose/parts';
import { startEmbeddedPostgres } from './db/embedded';
import { dataDirOf, prepareDataDir } from './db/embedded/data-dir';
import { migrate } from './db/migrate';
import { demoAllowHosts, startDemo, startDemoStore, type DemoStore } from './demo';
import { assertDatabaseReachable } from './db/reachable';
import { seedPrices } from './domain/money/seed-prices';
import { createOperations } from './domain/operations';
import { fillSecrets } from './lib/embedded-secrets';
import { env, parseEnv, type Env } from './lib/env';
import { findFreePort } from './lib/port';
import { PROJECT_DIR, runMain, type ProcessContext } from './lib/process';
import { startSandbox } from './sandbox/server';
import { createServerContext, type ServerOptions } from './server/context';
import { startServer } from './server/start';
import { startWorkers } from './workers/app';

/** What the composition is made from: every secret is there, the database answers, the port is free. */
export interface Composition extends ProcessContext {
  env: Env & { DATABASE_URL: string };
  dataDir: string;
  /** The simulated shop whose business the demo is; undefined where the database is not ours to seed. */
  store: DemoStore | undefined;
  options: ServerOptions;
}

/** Migrates, seeds the demo where the database is ours, and starts server and workers in this process. */
async function compose({
  env: composed,
  logger,
  shutdown,
  dataDir,
  store,
  options,
}: Composition): Promise<void> {
  await migrate(composed.DATABASE_URL);
  const parts = openParts(composed, logger, shutdown);
  await seedPrices(parts.db);
  const lines = store && (await startDemo({ ...parts, dataDir, store, shutdown }));
  const operations = createOperations(parts);
  const { port } = await startServer(createServerContext(parts, options), operations, shutdown);
  await startWorkers({ ...parts, metrics: operations.metrics, shutdown });
  logger.info({ port }, 'ready');
  if (lines) process.stdout.write(`${lines.join('\n')}\n`);
}

/**
 * Embedded mode: fills what the environment leaves open (database, secrets), then composes. With DATABASE_URL
 * set, that database is used and nothing is seeded into it.
 */
async function main(context: ProcessContext, options: ServerOptions): Promise<void> {
  const { DATABASE_URL, DATA_DIR, HOST, PORT } = parseEnv(process.env);
  // With PORT=0 the demo's sources have to know which one it became.
  process.env.PORT = String(await findFreePort(HOST, PORT));
  const dataDir = dataDirOf(PROJECT_DIR, DATA_DIR);
  if (DATABASE_URL) await assertDatabaseReachable(DATABASE_URL);
  const [url, store] = DATABASE_URL
    ? [DATABASE_URL]
    : await Promise.all([startDatabase(dataDir, context), startStore(dataDir, context)]);
  if (DATABASE_URL && !(process.env.JWT_SECRET && process.env.ENCRYPTION_KEYS)) prepareDataDir(dataDir);
  fillSecrets(dataDir);
  if (!hasProvider()) await startOwnSandbox(context);
  process.env.DATABASE_URL = url;
  // Mails of a database that is not ours may be somebody else's to send.
  if (!DATABASE_URL && !process.env.SMTP_URL) process.env.DEV_MAILBOX ||= 'true';
  await compose({ ...context, env: { ...env(), DATABASE_URL: url }, dataDir, store, options });
}

const hasProvider = () =>
  Boolean(process.env.OPENAI_API_KEY || process.env.ANTHROPIC_API_KEY || process.env.SANDBOX_URL);

/** Without any key agents answer from a provider of our own, which says in each answer that it is one. */
async function startOwnSandbox({ logger, shutdown }: ProcessContext): Promise<void> {
  const starting = startSandbox({ logger });
  // Registered before it listens, since a signal may come in between.
  shutdown.on('broker', 'sandbox', async () => (await starting).close());
  process.env.SANDBOX_URL = (await starting).url;
}

/** The demo's shop, with its database. Its sources lie on this machine, which has to be allowed. */
async function startStore(dataDir: string, { logger, shutdown }: ProcessContext): Promise<DemoStore> {
  const store = await startDemoStore({ dataDir, logger, shutdown });
  const allowed = [process.env.ALLOW_PRIVATE_HOSTS, ...demoAllowHosts(parseEnv(process.env), store)];
  process.env.ALLOW_PRIVATE_HOSTS = allowed.filter(Boolean).join(',');
  return store;
}

async function startDatabase(dataDir: string, { logger, shutdown }: ProcessContext): Promise<string> {
  const starting = startEmbeddedPostgres({ dataDir, logger });
  // Registered before it is up, since a signal may come in between. A failed start has nothing to stop.
  shutdown.on('database', 'embedded PostgreSQL', async () => {
    const postgres = await starting.catch(() => undefined);
    await postgres?.stop();
  });
  return (await starting).url;
}

export const run = (options: ServerOptions = {}) => runMain('start', (process) => main(process, options));
if (require.main === module) run();
