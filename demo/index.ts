import type { Database } from '../db/database';
import type { Env } from '../lib/env';
import type { Logger } from '../lib/logger';
import { publicUrlOf } from '../lib/public-url';
import type { Shutdown } from '../lib/shutdown';
import type { Publish } from '../realtime/publish';
import { localBaseUrl, localHost } from './address';
import { banner } from './banner';
import { giveAgents, isSandboxed, moveAgents, type AgentProviders } from './business/agents';
import { moveConnections } from './business/connections';
import { seedDemo } from './business/seed';
import { startOrderFeed } from './feed/order-feed';
import { pushToDemoWidgets } from './feed/push';
import { demoPassword } from './password';
import { startDemoStore, type DemoStore } from './store/cluster';

export { startDemoStore, type DemoStore };

type Address = Pick<Env, 'HOST' | 'PORT'>;

/**
 * What ALLOW_PRIVATE_HOSTS must hold for the demo's sources to be reached: this API and the shop's database, both
 * on this machine.
 */
export const demoAllowHosts = ({ HOST, PORT }: Address, { sales }: DemoStore): string[] => [
  `${localHost(HOST)}:${PORT}`,
  `${sales.host}:${sales.port}`,
];

export interface DemoParts {
  db: Database;
  env: Address &
    AgentProviders &
    Pick<Env, 'DEV_MAILBOX' | 'ENCRYPTION_KEYS' | 'METRICS_TOKEN' | 'PUBLIC_URL' | 'SMTP_URL'>;
  dataDir: string;
  store: DemoStore;
  publish: Publish;
  logger: Logger;
  shutdown: Shutdown;
}

/**
 * Seeds the demo where it is missing, points its connections to where its sources are now, and lets orders come
 * in. Before the workers start, so that no refresh asks where a source was the last time.
 * @returns the lines to print once the server listens
 */
export async function startDemo(parts: DemoParts): Promise<string[]> {
  const { db, env, store, publish, logger } = parts;
  const password = demoPassword(parts.dataDir);
  const places = {
    sales: store.sales,
    baseUrl: localBaseUrl(env.HOST, env.PORT),
    metricsToken: env.METRICS_TOKEN,
  };
  const seeded = await seedDemo(db, {
    ...places,
    password,
    encryptionKeys: env.ENCRYPTION_KEYS,
    operatorMayAct: true,
    providers: env,
  });
  if (!seeded) await moveConnections(db, places, env.ENCRYPTION_KEYS);
  await giveAgents(db, parts.dataDir, env);
  await moveAgents(db, env);
  const feed = startOrderFeed({
    storeUrl: store.ownerUrl,
    logger,
    onOrder: (order) => pushToDemoWidgets(db, publish, order),
  });
  parts.shutdown.on('intake', 'demo order feed', () => feed.stop());
  return banner({
    url: publicUrlOf(env),
    password,
    mailboxUrl: env.DEV_MAILBOX && !env.SMTP_URL ? `${places.baseUrl}/dev/mailbox` : undefined,
    isSandbox: isSandboxed(env),
  });
}
