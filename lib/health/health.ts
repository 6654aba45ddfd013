import { joined, reused, withinLimit } from '../within-limit';
import { watchEventLoop } from './event-loop';
import { readFigures, type Figures } from './figures';

/** A dependency that does not answer within this, ms, counts as down. */
const CHECK_LIMIT_MS = 1_000;
/** Answers are shown again for this long, ms: however many ask, a dependency is asked twice a second. */
const REUSE_MS = 500;

export interface DependencyHealth {
  status: 'up' | 'down';
  latencyMs: number;
}

/** What anyone may know. */
export interface HealthSummary {
  /** `down` where a dependency does not answer, `stopping` once a shutdown has begun. */
  status: 'ok' | 'down' | 'stopping';
  uptimeSeconds: number;
  dependencies: Record<string, DependencyHealth>;
}

/** What operators see. */
export interface HealthReport extends HealthSummary, Figures {
  version: string;
  nodeId: string;
  /** Socket.IO connections open on this node. */
  sockets: number;
}

export interface Health {
  /** Asks every dependency. Never rejects. */
  summary(): Promise<HealthSummary>;
  report(): Promise<HealthReport>;
  /** From now on this process is not ready: a shutdown has begun. */
  stopping(): void;
  close(): void;
}

export interface HealthOptions {
  version: string;
  nodeId: string;
  /** Each resolves where the dependency answers. */
  dependencies: Record<string, () => Promise<unknown>>;
  sockets: () => number;
}

/** Watches the event loop from now on, and the dependencies when asked. */
export function createHealth({ version, nodeId, dependencies, sockets }: HealthOptions): Health {
  const eventLoop = watchEventLoop();
  let isStopping = false;
  const checks = Object.entries(dependencies).map(([name, ask]) => {
    // One that hangs is waited for again, not asked once more by each probe.
    const join = joined(async () => ask());
    return { name, check: () => checkDependency(name, join) };
  });
  const checkAll = reused(async () => {
    const results = await Promise.all(checks.map(async ({ name, check }) => [name, await check()] as const));
    return Object.fromEntries(results);
  }, REUSE_MS);

  async function summary(): Promise<HealthSummary> {
    const states = await checkAll();
    const isUp = Object.values(states).every(({ status }) => status === 'up');
    return {
      status: isStopping ? 'stopping' : isUp ? 'ok' : 'down',
      uptimeSeconds: Math.round(process.uptime()),
      dependencies: states,
    };
  }

  return {
    summary,
    report: async () => ({
      ...(await summary()),
      version,
      nodeId,
      sockets: sockets(),
      ...readFigures(eventLoop.lag()),
    }),
    stopping: () => {
      isStopping = true;
    },
    close: () => eventLoop.close(),
  };
}

async function checkDependency(name: string, ask: () => Promise<unknown>): Promise<DependencyHealth> {
  const startedAt = performance.now();
  const status = await withinLimit(ask(), CHECK_LIMIT_MS, name).then(
    () => 'up' as const,
    () => 'down' as const,
  );
  return { status, latencyMs: Math.round((performance.now() - startedAt) * 100) / 100 };
}
