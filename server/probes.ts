import { setTimeout as sleep } from 'node:timers/promises';
import { createProbe, isProbeEnded, takeProbe, type ProbeOutcome } from '../domain/probes';
import type { ServerContext } from './context';

/** Longest a request waits for its probe, ms (product.md: 15 s). */
const WAIT_MS = 15_000;
/**
 * The row is asked for its outcome at growing intervals, ms. Probes are rare and last as long as someone else's
 * server, so this is cheaper than a queue's event stream that every server process would follow for them.
 */
const FIRST_POLL_MS = 15;
const LONGEST_POLL_MS = 250;

/**
 * Has a worker run a source once and waits for it: no server process opens a connection that a user named.
 * @returns what came of it; a failure with code `timeout` where no worker answered in time
 */
export async function runProbe(
  { db, jobs }: ServerContext,
  businessId: string,
  requestId: string,
  probe: Parameters<typeof createProbe>[2],
): Promise<ProbeOutcome> {
  const probeId = await createProbe(db, businessId, probe);
  const deadline = Date.now() + WAIT_MS;
  try {
    await jobs.enqueue('source-probe', { businessId, probeId, requestId });
    for (let pause = FIRST_POLL_MS; Date.now() < deadline; pause = Math.min(pause * 1.5, LONGEST_POLL_MS)) {
      await sleep(pause);
      if (await isProbeEnded(db, businessId, probeId)) break;
    }
  } catch (error) {
    await takeProbe(db, businessId, probeId).catch(() => undefined);
    throw error;
  }
  return (
    (await takeProbe(db, businessId, probeId)) ?? {
      ok: false,
      error: { code: 'timeout', message: `No answer came within ${WAIT_MS / 1000} s.` },
    }
  );
}
