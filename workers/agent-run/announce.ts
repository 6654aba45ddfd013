import { tenantStatement, type Statement } from '../../db/scope';
import { RUN_COLUMNS } from '../../domain/runs/columns';
import type { EndedRun } from '../../domain/runs/end';
import { runEventsChannel, type RunSignal } from '../../domain/runs/signals';
import type { ClaimedRun } from '../../domain/runs/types';
import {
  presentConversation,
  presentMessage,
  presentRun,
  type RunRow,
} from '../../domain/presenters/conversation';
import { announceSettled } from '../../realtime/announce-settled';
import { envelope } from '../../realtime/envelope';
import { conversationRoom, userRoom } from '../../realtime/rooms';
import type { WorkerContext } from '../context';

type Parts = Pick<WorkerContext, 'publish' | 'broker' | 'db' | 'logger'>;

/** A piece of the reply, to whoever has the conversation open or reads the run. */
export function announceDelta(
  { publish }: Parts,
  run: ClaimedRun,
  { position, text }: { position: number; text: string },
): void {
  const { id: runId, epoch, replyId: messageId } = run;
  publish([conversationRoom(run.conversationId)], 'message.delta', {
    messageId,
    runId,
    epoch,
    position,
    text,
  });
}

/** That a run changed, to its person and whoever reads it. */
export function announceRun(
  { publish, broker }: Parts,
  { businessId, requestId }: ClaimedRun,
  userId: string,
  row: RunRow,
): void {
  const { status, epoch, version } = row;
  publish([userRoom(businessId, userId)], 'run.changed', {
    ...presentRun(row),
    ...envelope(businessId, version, requestId),
  });
  const signal: RunSignal = { status, epoch, version };
  broker.signals.publish(runEventsChannel(row.id), signal);
}

const READ: Statement = {
  name: 'run-read-in-hand',
  text: `select ${RUN_COLUMNS} from runs r where r.id = $1`,
};

/** A run in this worker's hands as it is now: under a new epoch, with new tool calls. Nothing waits for it: a failure is logged. */
export async function announceInHand(parts: Parts, run: ClaimedRun, userId: string): Promise<void> {
  try {
    const [row] = await tenantStatement<RunRow & object>(parts.db, run.businessId, READ, [run.id]);
    if (row?.status === 'running' && row.epoch === run.epoch) announceRun(parts, run, userId, row);
  } catch (error) {
    parts.logger.warn(
      { err: error, runId: run.id, requestId: run.requestId },
      'a run in hand was not announced',
    );
  }
}

/** The end of a run: the reply, the run and the conversation as they are for good. */
export function announceEnded(parts: Parts, run: ClaimedRun, ended: EndedRun): void {
  const { publish, broker } = parts;
  const { businessId, requestId } = run;
  const { conversation, message, settled } = ended;
  for (const one of settled) announceSettled(publish, businessId, one);
  if (ended.isDeleted) {
    const { status, epoch, version } = ended.run;
    const signal: RunSignal = { status, epoch, version };
    broker.signals.publish(runEventsChannel(run.id), signal);
    return;
  }
  const rooms = [userRoom(businessId, conversation.userId)];
  publish(rooms, 'message.completed', {
    ...presentMessage(message),
    ...envelope(businessId, message.version, requestId),
  });
  announceRun(parts, run, conversation.userId, ended.run);
  publish(rooms, 'conversation.changed', {
    ...presentConversation(conversation),
    ...envelope(businessId, conversation.version, requestId),
  });
}
