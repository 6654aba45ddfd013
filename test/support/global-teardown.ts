import { rmSync } from 'node:fs';

/** Longest that jest may live on after its last test, ms. Then something left open holds it: that is a failure. */
const END_LIMIT_MS = 5_000;

/** Ends what global-setup.ts started. */
export default async function globalTeardown(): Promise<void> {
  const servers = globalThis.testServers;
  if (servers) {
    await Promise.all([servers.postgres.stop(), servers.redis.stop()]);
    rmSync(servers.directory, { recursive: true, force: true });
  }
  setTimeout(() => {
    console.error(
      `Something is left open and keeps jest alive: ${process.getActiveResourcesInfo().join(', ')}`,
    );
    process.exit(1);
  }, END_LIMIT_MS).unref();
}
