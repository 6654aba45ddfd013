import type { Measurement } from './measurements/measurement';
import { agentRuns } from './measurements/agent-runs';
import { agentStreams } from './measurements/agent-streams';
import { checks } from './measurements/checks';
import { deliveries } from './measurements/deliveries';
import { fairness } from './measurements/fairness';
import { firstToken } from './measurements/first-token';
import { idleSockets } from './measurements/idle-sockets';
import { reads } from './measurements/reads';
import { refreshLatency } from './measurements/refresh-latency';
import { refreshThroughput } from './measurements/refresh-throughput';
import { scheduler } from './measurements/scheduler';
import { stops } from './measurements/stops';

/** Every measurement by the name it is asked for. */
export const CATALOG: Record<string, Measurement> = {
  'refresh-latency': refreshLatency,
  'refresh-throughput': refreshThroughput,
  deliveries,
  reads,
  checks,
  scheduler,
  'idle-sockets': idleSockets,
  fairness,
  'first-token': firstToken,
  'agent-streams': agentStreams,
  'agent-runs': agentRuns,
  stops,
};
