import { createAgentMetrics, type AgentMetrics } from './agents';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/**
 * What one process counts for Prometheus. Names follow its conventions (base units, `_total` for counters):
 * https://prometheus.io/docs/practices/naming/
 */

/** From a read that comes out of a cache to the 15 s a source may take, seconds. */
const DURATION_BUCKETS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15];

export type JobOutcome = 'completed' | 'failed';
/** `refused`: a late twin's result, which another refresh had overtaken. */
export type RefreshOutcome = 'succeeded' | 'failed' | 'refused';

/** Refreshes the gauges it stands for; it never rejects. */
export type Collector = () => Promise<void>;

export interface Metrics {
  /** For gauges of other modules. */
  readonly registry: Registry;
  /** @param route the pattern (`/api/v1/widgets/:id`), never the path: each label value is a time series */
  requestEnded(method: string, route: string, status: number, ms: number): void;
  jobEnded(queue: string, outcome: JobOutcome, ms: number): void;
  /** @param source the kind: `http`, `sql`, … */
  refreshEnded(source: string, outcome: RefreshOutcome, ms: number): void;
  /** Agents' runs and what they ask of providers. */
  readonly agents: AgentMetrics;
  /** Where the number of open sockets comes from. */
  observeSockets(read: () => number): void;
  /** Open sockets; 0 in a process that has none. */
  sockets(): number;
  /** Runs before each scrape. */
  addCollector(collect: Collector): void;
  /** The page that Prometheus reads. */
  render(): Promise<{ contentType: string; text: string }>;
}

/** A registry of its own, with the process's default metrics (CPU, memory, event-loop lag, garbage collection). */
export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const collectors: Collector[] = [];
  let readSockets = () => 0;

  const requests = new Histogram({
    name: 'liveboard_http_request_duration_seconds',
    help: 'HTTP requests by route pattern, from the first byte in to the answer handed to the socket.',
    labelNames: ['method', 'route', 'status'],
    buckets: DURATION_BUCKETS,
    registers,
  });
  const jobs = new Counter({
    name: 'liveboard_jobs_total',
    help: 'Jobs that ended in this process.',
    labelNames: ['queue', 'outcome'],
    registers,
  });
  const jobDurations = new Histogram({
    name: 'liveboard_job_duration_seconds',
    help: 'How long jobs ran.',
    labelNames: ['queue'],
    buckets: DURATION_BUCKETS,
    registers,
  });
  const refreshes = new Counter({
    name: 'liveboard_refreshes_total',
    help: 'Widget refreshes that ended in this process.',
    labelNames: ['source', 'outcome'],
    registers,
  });
  const refreshDurations = new Histogram({
    name: 'liveboard_refresh_duration_seconds',
    help: 'How long widget refreshes ran, from taking the claim to its write.',
    labelNames: ['source'],
    buckets: DURATION_BUCKETS,
    registers,
  });
  new Gauge({
    name: 'liveboard_sockets_connected',
    help: 'Socket.IO connections open on this node.',
    registers,
    collect() {
      this.set(readSockets());
    },
  });

  return {
    registry,
    agents: createAgentMetrics(registry),
    requestEnded: (method, route, status, ms) =>
      requests.observe({ method, route, status: String(status) }, ms / 1000),
    jobEnded(queue, outcome, ms) {
      jobs.inc({ queue, outcome });
      jobDurations.observe({ queue }, ms / 1000);
    },
    refreshEnded(source, outcome, ms) {
      refreshes.inc({ source, outcome });
      refreshDurations.observe({ source }, ms / 1000);
    },
    observeSockets: (read) => {
      readSockets = read;
    },
    sockets: () => readSockets(),
    addCollector: (collect) => void collectors.push(collect),
    async render() {
      await Promise.all(collectors.map((collect) => collect()));
      return { contentType: registry.contentType, text: await registry.metrics() };
    },
  };
}
