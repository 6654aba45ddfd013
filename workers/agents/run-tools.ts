import { HEARTBEAT_MS } from '../../domain/runs/limits';
import { askConfirmation } from '../../domain/runs/ask';
import { finishToolCall, loadTurns } from '../../domain/runs/turns';
import type { RunRow } from '../../domain/presenters/conversation';
import type { ToolCallRow, TurnRow } from '../../domain/runs/types';
import { pause } from './backoff';
import { RunAborted } from './failure';
import type { RunInHand } from './run-in-hand';
import { errorText } from './tools/result';
import { needsConfirmation, runCall, summariseCall, type FinishCall } from './tools/run-tool';
import type { ToolContext } from './tools/tool';

/** What became of a turn's calls: all have a result, or the run waits for its person's word on some. */
export type ToolsDone = { turn: TurnRow } | { waiting: RunRow };

const isOpen = ({ status }: ToolCallRow) => status === 'pending' || status === 'approved';

/**
 * Does a turn's calls that are still open, one after the other, with the rights of whoever asked; then asks the
 * person about those that write. After a crash it goes on where the last worker was.
 * @param isRepeated calls that are not done any more: the model repeats itself
 * @throws RunAborted
 */
export async function runTools(
  hand: RunInHand,
  turn: TurnRow,
  isRepeated: (call: ToolCallRow) => boolean,
): Promise<ToolsDone> {
  const { parts, run, agent, signal } = hand;
  const ended = new Map<string, ToolCallRow>();
  const toAsk: { id: string; summary: string }[] = [];
  for (const call of turn.toolCalls.filter(isOpen)) {
    signal.throwIfAborted();
    const finish = finishing(hand, call, ended);
    if (isRepeated(call)) {
      await finish({ status: 'failed', result: REPEATED });
    } else if (call.status === 'pending' && needsConfirmation(agent.tools, call)) {
      const asked = await summariseCall(toolContext(hand), agent.tools, call);
      if ('summary' in asked) toAsk.push({ id: call.id, summary: asked.summary });
      else await finish(asked.outcome);
    } else {
      await runCall(toolContext(hand), agent.tools, call, finish);
    }
  }
  const toolCalls = turn.toolCalls.map((call) => ended.get(call.id) ?? call);
  if (toAsk.length === 0) return { turn: { ...turn, toolCalls } };

  const row = await askConfirmation(parts.db, run, toAsk);
  if (!row) throw new RunAborted('lost');
  if (row.status === 'waiting') return { waiting: row };
  return { turn: await declinedTurn(hand, turn) };
}

const REPEATED = errorText(
  'This very call was made before, with this result or none. Answer with what there is.',
);

/** The run was not freed: another message of the person declined the calls, or they asked for a stop. */
async function declinedTurn(hand: RunInHand, { turn }: TurnRow): Promise<TurnRow> {
  for (;;) {
    const again = (await loadTurns(hand.parts.db, hand.run)).find((other) => other.turn === turn);
    if (!again) throw new RunAborted('lost');
    if (!again.toolCalls.some(isOpen)) return again;
    // A stop: the next heartbeat says so, which ends this pause.
    await pause(HEARTBEAT_MS, hand.signal);
  }
}

/** Fenced: where nothing was written, this worker is not the one that holds the run. */
const finishing =
  ({ parts, run }: RunInHand, call: ToolCallRow, ended: Map<string, ToolCallRow>): FinishCall =>
  async ({ status, result }, effect) => {
    const row = await finishToolCall(parts.db, run, call.id, { status, result }, effect);
    if (row) ended.set(call.id, row);
    else await findEnd(parts, run, call, ended);
    return row;
  };

/** A call that had ended already (its commit's answer was lost) has its result; else the run is another's. */
async function findEnd(
  { db }: RunInHand['parts'],
  run: RunInHand['run'],
  call: ToolCallRow,
  ended: Map<string, ToolCallRow>,
): Promise<void> {
  const turns = await loadTurns(db, run);
  const now = turns.flatMap(({ toolCalls }) => toolCalls).find(({ id }) => id === call.id);
  if (!now || isOpen(now)) throw new RunAborted('lost');
  ended.set(call.id, now);
}

const toolContext = ({ parts, run, actor, signal }: RunInHand): ToolContext => ({
  db: parts.db,
  actor,
  runId: run.id,
  requestId: run.requestId,
  conversationId: run.conversationId,
  timezone: run.timezone,
  locale: run.locale,
  signal,
  logger: parts.logger,
  jobs: parts.jobs,
  publish: parts.publish,
});
