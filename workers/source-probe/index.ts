import { SOURCE_TIMEOUT_MS } from '../../domain/refresh/limits';
import { endProbe, loadProbe, type Probe, type ProbeOutcome } from '../../domain/probes';
import { sourceSchema } from '../../domain/widgets/source-schemas';
import type { WidgetType } from '../../domain/widgets/types';
import { SourceError } from '../../lib/errors';
import { withSignal } from '../../lib/within-limit';
import type { WorkerContext } from '../context';
import type { Handler } from '../registry';
import { testConnection } from '../sources/connection-test';
import { openConnection } from '../sources/open-connection';
import { ownClusterOf } from '../sources/postgres/own-cluster-of';
import { assertFits } from '../widget-refresh/fetch';

/** Runs a source once for someone who waits (jobs/source-probe). */
export const sourceProbe: Handler<'source-probe'> = async (context, payload, _job, signal) => {
  const { businessId, probeId, requestId } = payload;
  const probe = await loadProbe(context.db, businessId, probeId);
  if (!probe) return;
  const outcome = await withSignal(signal, SOURCE_TIMEOUT_MS, (limited) =>
    run(context, probe, { businessId, requestId, signal: limited }),
  );
  await endProbe(context.db, businessId, probeId, outcome);
};

async function run(
  context: WorkerContext,
  probe: Probe,
  call: { businessId: string; requestId: string; signal: AbortSignal },
): Promise<ProbeOutcome> {
  const startedAt = performance.now();
  try {
    const connection = probe.connection
      ? openConnection(probe.connection, context.env.ENCRYPTION_KEYS)
      : undefined;
    if (probe.kind === 'connection') {
      if (!connection) throw new SourceError('connection_missing', 'The connection is gone.');
      const result = await testConnection(
        connection,
        { ...call, connection },
        { ownCluster: ownClusterOf(context.db) },
      );
      return result.ok
        ? { ok: true, data: { detail: result.detail ?? null }, latencyMs: result.latencyMs }
        : { ok: false, error: { code: result.code, message: result.message } };
    }
    const data = await context.sources.fetch(sourceSchema.parse(probe.request.source), {
      ...call,
      connection,
    });
    assertFits(probe.request.type as WidgetType, data);
    return { ok: true, data, latencyMs: Math.round(performance.now() - startedAt) };
  } catch (error) {
    if (!(error instanceof SourceError)) {
      context.logger.error(
        { err: error, requestId: call.requestId },
        'a probe failed in a way it should not',
      );
    }
    return {
      ok: false,
      error:
        error instanceof SourceError
          ? { code: error.code, message: error.message }
          : { code: 'source_failed', message: 'The source failed unexpectedly.' },
    };
  }
}
