import type { RunRow } from '../../domain/presenters/conversation';
import { joinTurns } from '../../domain/runs/reply';
import type { RunEnd } from '../../domain/runs/end';
import { STOPPED_BY_PERSON } from '../../domain/runs/stop';
import { loadTurns } from '../../domain/runs/turns';
import type { ClaimedRun } from '../../domain/runs/types';
import { announceSettled } from '../../realtime/announce-settled';
import { abortKind, RunAborted, RunFailure, type AbortKind } from '../agents/failure';
import { answer } from '../agents/loop';
import { ReplyStream } from '../agents/stream';
import type { WorkerContext } from '../context';
import { announceDelta, announceInHand, announceRun } from './announce';
import type { RunControl } from './control';

/** How a worker lets go of a run. `lost`: another has it, and nothing is written. */
export type Outcome = { end: RunEnd } | { waiting: RunRow } | { handBack: true } | { lost: true };

/** Answers a claimed run, and says what is to be done with it. */
export async function answerInHand(
  context: WorkerContext,
  run: ClaimedRun,
  control: RunControl,
): Promise<Outcome> {
  const { agent, actor } = run;
  if (!agent || !actor) throw new Error(`Run ${run.id} has nobody who asks or answers.`);
  announceRun(context, run, actor.userId, run.asClaimed);
  let told: Promise<unknown> = Promise.resolve();
  const onToolCalls = () => {
    told = Promise.all([told, announceInHand(context, run, actor.userId)]);
  };
  let reply: ReplyStream | undefined;
  try {
    // Nobody had a run before its first claim.
    const turns = run.epoch === 1 ? [] : await loadTurns(context.db, run);
    reply = openReply(context, run, actor.userId, control, joinTurns(turns.map(({ content }) => content)));
    const onSettled = announceSettled.bind(undefined, context.publish, run.businessId);
    const hand = { parts: context, run, agent, actor, reply, signal: control.signal, onToolCalls, onSettled };
    const outcome = await answer(hand, turns);
    await reply.close({ announceRest: true });
    return outcome;
  } catch (error) {
    await reply?.close({ announceRest: isKept(control.signal) });
    return outcomeOf(context, run, control.signal, error, reply?.content);
  } finally {
    await told;
  }
}

/** What was said stays in the message, unless the next worker begins the reply anew. */
const isKept = (signal: AbortSignal): boolean => !['lost', 'handed_back'].includes(abortKind(signal) ?? '');

/**
 * The reply on its way out. Nothing comes to it any more once the run is broken off; what it holds by then is said, so
 * that whoever listens has heard exactly what the message keeps.
 */
function openReply(
  context: WorkerContext,
  run: ClaimedRun,
  userId: string,
  control: RunControl,
  content: string,
): ReplyStream {
  const startedAt = performance.now();
  let isFirst = true;
  const reply = new ReplyStream({
    userId,
    content,
    announce: (delta) => {
      if (isFirst) context.metrics.agents.firstToken(performance.now() - startedAt);
      isFirst = false;
      announceDelta(context, run, delta);
    },
    save: (text) => context.saveReply(run, text),
    onLost: () => control.abort('lost'),
    onSaveFailed: (error) =>
      context.logger.warn({ err: error, runId: run.id, requestId: run.requestId }, 'a reply was not saved'),
  });
  const close = () => void reply.close({ announceRest: isKept(control.signal) });
  control.signal.addEventListener('abort', close, { once: true });
  return reply;
}

function outcomeOf(
  { logger }: WorkerContext,
  run: ClaimedRun,
  signal: AbortSignal,
  error: unknown,
  content: string | undefined,
): Outcome {
  // What broke it off comes first: whatever failed behind it failed for that.
  const kind = abortKind(signal) ?? (error instanceof RunAborted ? error.kind : undefined);
  if (kind === 'lost') return { lost: true };
  if (kind === 'handed_back') return { handBack: true };
  const text = content === undefined ? {} : { content };
  if (kind) return { end: { ...BROKEN_OFF[kind], ...text } };
  if (error instanceof RunFailure) {
    return { end: { status: 'failed', reasonCode: error.code, reason: error.message, ...text } };
  }
  logger.error(
    { err: error, runId: run.id, requestId: run.requestId },
    'an agent run failed in a way it should not',
  );
  return { end: { ...INTERNAL, ...text } };
}

const BROKEN_OFF: Record<Exclude<AbortKind, 'lost' | 'handed_back'>, RunEnd> = {
  stopped: { status: 'stopped', ...STOPPED_BY_PERSON },
  deadline: {
    status: 'failed',
    reasonCode: 'deadline',
    reason: 'This reply took longer than ten minutes. What was written stays; ask for less at once.',
  },
};

const INTERNAL: RunEnd = {
  status: 'failed',
  reasonCode: 'internal',
  reason: 'Something went wrong on our side. Ask again; if it happens again, tell your admin this run’s id.',
};
