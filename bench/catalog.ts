import type { Measurement } from './measurements/measurement';
import { reads } from './measurements/reads';
import { refreshLatency } from './measurements/refresh-latency';
import { refreshThroughput } from './measurements/refresh-throughput';

/** Every measurement by the name it is asked for. */
export const CATALOG: Record<string, Measurement> = {
  'refresh-latency': refreshLatency,
  'refresh-throughput': refreshThroughput,
  reads,
};
