import { UnrecoverableError, type Job, type Worker } from 'bullmq';
import { randomUUID } from 'node:crypto';
import type { Parts } from '../compose/parts';
import { removeWorkerNode, renewWorkerNode } from '../domain/worker-nodes';
import { createFinishRefresh } from '../domain/refresh/end';
import { createStartRefresh } from '../domain/refresh/start';
import { createHoldCall } from '../domain/money/hold-unbudgeted';
import { createRenewRun } from '../domain/runs/renew';
import { createSaveReply } from '../domain/runs/reply';
import { INTERACTIVE_PER_SLOT, SCHEDULED_PER_SLOT } from '../domain/refresh/limits';
import { CATALOG, type JobName } from '../jobs/catalog';
import type { JobContract, QueueName } from '../jobs/contract';
import { startSchedule } from '../jobs/schedule';
import { createAgentMetrics } from '../lib/metrics/agents';
import type { Shutdown } from '../lib/shutdown';
import { createAgentParts } from './agents/parts';
import { createRunStops } from './agents/run-stops';
import type { WorkerContext } from './context';
import { createMailer } from './mail/mailer';
import { createMailSweeper } from './mail-sweeper';
import { HANDLERS, type Handler } from './registry';
import { createRunSweeper } from './run-sweeper';
import { createSources } from './sources';
import { parseAllowEntry } from './sources/network/allow-list';
import { createSweeper } from './sweeper';

export interface WorkerParts extends Parts {
  shutdown: Shutdown;
  /** Left out where nobody scrapes (tests). */
  metrics?: WorkerContext['metrics'];
  /** Made from the environment where left out. */
  agents?: WorkerContext['agents'];
}

const UNOBSERVED: WorkerContext['metrics'] = {
  jobEnded: () => undefined,
  refreshEnded: () => undefined,
  agents: createAgentMetrics(),
};

/** Mails in hand at once in one process: each waits for the mail server most of the time, which limits us, too. */
const MAIL_SLOTS = 5;

/** Starts the workers of all queues, the sweeper and the schedule in this process. */
export async function startWorkers(parts: WorkerParts): Promise<void> {
  const { db, env, logger, shutdown } = parts;
  warnOfUselessEntries(parts);
  const sweeper = createSweeper(parts);
  const runSweeper = createRunSweeper(parts);
  const mailer = createMailer(env);
  if (mailer.kind === 'none') {
    logger.warn(
      'SMTP_URL is not set: mails (verification, password reset, invitations) wait in the table mails',
    );
  }
  const mailSweeper = createMailSweeper({ ...parts, mailer });
  const context: WorkerContext = {
    metrics: UNOBSERVED,
    ...parts,
    mailer,
    sources: createSources(db),
    agents: parts.agents ?? createAgentParts({ allowPrivateHosts: env.ALLOW_PRIVATE_HOSTS }),
    startRefresh: createStartRefresh(db),
    finishRefresh: createFinishRefresh(db),
    saveReply: createSaveReply(db),
    renewRun: createRenewRun(db),
    holdCall: createHoldCall(db),
    runStops: createRunStops(parts.broker.signals, logger),
    wakeSweeper: sweeper.wake,
  };
  const concurrency: Record<QueueName, number> = {
    // Scheduled claims never exceed their part, so the rest is always there for people who wait.
    'widget-refresh': Math.floor(env.REFRESH_SLOTS * (SCHEDULED_PER_SLOT + INTERACTIVE_PER_SLOT)),
    'agent-run': env.AGENT_SLOTS,
    mail: MAIL_SLOTS,
    maintenance: 1,
  };
  const workers = Object.entries(concurrency).map(([queue, slots]) => startWorker(context, queue, slots));

  const nodeId = randomUUID();
  const renew = async () => void (await renewWorkerNode(db, nodeId, env.REFRESH_SLOTS));
  await renew();
  const schedule = startSchedule(
    {
      sweepDueWidgets: sweeper.sweep,
      recoverRefreshes: sweeper.recover,
      recoverRuns: runSweeper.recover,
      expireConfirmations: runSweeper.expireConfirmations,
      recoverMails: mailSweeper.recover,
      renewWorkerLease: renew,
      enqueueMaintenance: (task, tick) =>
        parts.jobs.enqueue('maintenance', { task, tick, requestId: `schedule-${randomUUID()}` }),
    },
    (name, error) => logger.error({ err: error, schedule: name }, 'a scheduled tick failed'),
  );

  shutdown.on('intake', 'schedule', async () => {
    schedule.stop();
    sweeper.stop();
    await removeWorkerNode(db, nodeId);
  });
  shutdown.on('workers', 'workers', () => closeWorkers(workers));
  shutdown.on('queues', 'sources', () => context.sources.close());
  shutdown.on('queues', 'providers', () => context.agents.providers.close());
}

function warnOfUselessEntries({ env, logger }: WorkerParts): void {
  const useless = env.ALLOW_PRIVATE_HOSTS.filter((entry) => parseAllowEntry(entry) === undefined);
  if (useless.length > 0) logger.warn({ useless }, 'entries of ALLOW_PRIVATE_HOSTS that allow nothing');
}

/** A running job may finish within this, ms; then its source is aborted and the claim's lease brings it back. */
const FINISH_LIMIT_MS = 12_000;

async function closeWorkers(workers: readonly Worker[]): Promise<void> {
  const timer = setTimeout(() => {
    for (const worker of workers) worker.cancelAllJobs('The process is stopping.');
  }, FINISH_LIMIT_MS);
  await Promise.allSettled(workers.map((worker) => worker.close()));
  clearTimeout(timer);
}

function startWorker(context: WorkerContext, queue: string, concurrency: number): Worker {
  const { broker, logger } = context;
  // BullMQ hands over an AbortSignal only to a processor that declares three parameters.
  const process = async (job: Job, _token?: string, signal?: AbortSignal): Promise<void> => {
    const startedAt = performance.now();
    let outcome: 'completed' | 'failed' = 'failed';
    try {
      await handle(context, job, signal as AbortSignal);
      outcome = 'completed';
    } finally {
      context.metrics.jobEnded(queue, outcome, performance.now() - startedAt);
    }
  };
  const worker = broker.worker(queue, process, { concurrency });
  worker.on('error', (error) => logger.debug({ err: error, queue }, 'worker error'));
  // The broker may have given these jobs to other workers: going on would make two at once (a Redis that was away
  // for longer than a lock, an event loop that stood still).
  worker.on('lockRenewalFailed', (jobIds) => {
    for (const jobId of jobIds) worker.cancelJob(jobId, 'The lock on the job was lost.');
  });
  worker.on('failed', (job, error) =>
    logger.error({ err: error, queue, jobId: job?.id, requestId: job?.data?.requestId }, 'a job failed'),
  );
  return worker;
}

async function handle(context: WorkerContext, job: Job, signal: AbortSignal): Promise<void> {
  const contract = (CATALOG as Record<string, JobContract>)[job.name];
  if (!contract) throw new UnrecoverableError(`There is no job named ${job.name}.`);
  const payload = contract.payload.safeParse(job.data);
  if (!payload.success) throw new UnrecoverableError(`The payload is not a ${job.name}'s.`);
  const handler = HANDLERS[job.name as JobName] as Handler<JobName>;
  await handler(context, payload.data as never, job, signal);
}
