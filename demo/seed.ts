import { assertDatabaseReachable } from '../db/reachable';
import { openDatabase } from '../db/database';
import { dataDirOf, prepareDataDir } from '../db/embedded/data-dir';
import { migrate } from '../db/migrate';
import { fillSecrets } from '../lib/embedded-secrets';
import { env } from '../lib/env';
import { StartupError } from '../lib/errors';
import { PROJECT_DIR, runMain, type ProcessContext } from '../lib/process';
import { localBaseUrl } from './address';
import { logins } from './banner';
import { seedDemo } from './business/seed';
import { demoPassword } from './password';

/** One transaction at a time. */
const POOL_SIZE = 1;

/**
 * npm run seed: the demo in a database that DATABASE_URL names. Without the simulated shop, which only embedded
 * mode runs, and so without what is read from it.
 */
async function main({ logger, shutdown }: ProcessContext): Promise<void> {
  // What is printed is for a person; only what goes wrong is logged.
  logger.level = 'warn';
  const url = process.env.DATABASE_URL;
  if (!url) {
    throw new StartupError(
      'Set DATABASE_URL to say which database to seed (npm start seeds its own by itself).',
    );
  }
  await assertDatabaseReachable(url);
  const dataDir = dataDirOf(PROJECT_DIR, process.env.DATA_DIR);
  prepareDataDir(dataDir);
  fillSecrets(dataDir);
  const settings = env();
  const { HOST, PORT, PUBLIC_URL, ENCRYPTION_KEYS, METRICS_TOKEN } = settings;
  await migrate(url);
  const db = openDatabase(url, POOL_SIZE);
  shutdown.on('pool', 'database', () => db.close());
  const password = demoPassword(dataDir);
  const baseUrl = PUBLIC_URL ?? localBaseUrl(HOST, PORT);
  const seeded = await seedDemo(db, {
    sales: undefined,
    baseUrl,
    metricsToken: METRICS_TOKEN,
    operatorMayAct: false,
    providers: settings,
    password,
    encryptionKeys: ENCRYPTION_KEYS,
  });
  const lines = seeded ? logins(password) : ['The demo is there already; nothing was changed.'];
  process.stdout.write(`${lines.join('\n')}\n`);
  await shutdown.run('seeded');
}

export const run = () => runMain('seed', main);
if (require.main === module) run();
