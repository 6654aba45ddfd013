import type { RunRow } from '../../domain/presenters/conversation';
import type { Actor } from '../../domain/roles';
import { runEventsChannel, signalStop, type RunSignal } from '../../domain/runs/signals';
import { requestStop } from '../../domain/runs/stop';
import type { ServerContext } from '../context';
import { announceChat } from './announce';
import { deliver } from './start';

/**
 * Stops a run: at once where no worker has it; else its worker is told, and by its heartbeat would notice anyway.
 * @param runId of a run that the caller was authorised for
 * @returns the run as it is now, perhaps still running
 * @throws HttpError 404
 */
export async function stopRun(
  context: ServerContext,
  actor: Actor,
  runId: string,
  requestId: string,
): Promise<RunRow> {
  const { signals } = context.broker;
  // Also before the flag is written: a worker that hears of it closes the provider's connection that much sooner.
  signalStop(signals, runId);
  const { run, ended } = await requestStop(context.db, actor, runId);
  if (run.status === 'running') signalStop(signals, runId);
  if (!ended) return run;
  if (!ended.isDeleted) {
    const { conversation, message } = ended;
    announceChat(context, actor, requestId, { conversation, completed: message, run: ended.run });
  }
  const { status, epoch, version } = ended.run;
  signals.publish(runEventsChannel(runId), { status, epoch, version } satisfies RunSignal);
  if (ended.next) deliver(context, ended.next);
  return ended.run;
}
