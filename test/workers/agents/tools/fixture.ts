import pino from 'pino';
import type { Actor } from '../../../../domain/roles';
import { finishToolCall } from '../../../../domain/runs/turns';
import { TOOL_NAMES, type ToolName } from '../../../../domain/runs/types';
import { createJobs, type Jobs } from '../../../../jobs/enqueue';
import { openBroker } from '../../../../lib/broker';
import { newId } from '../../../../lib/ids';
import type { FinishCall, ToolOutcome } from '../../../../workers/agents/tools/run-tool';
import { runCall } from '../../../../workers/agents/tools/run-tool';
import type { ToolContext } from '../../../../workers/agents/tools/tool';
import { createWorld, type Person, type World } from '../../../realtime/fixture';

export interface ShownWidget {
  name: string;
  type: 'stats' | 'chart' | 'table' | 'calendar' | 'custom';
  data: unknown;
  config: object;
  source: object;
  scope: 'business' | 'user';
  status: 'ok' | 'pending' | 'failing' | 'paused';
  error: { code: string; message: string } | null;
  refreshedAt: Date | null;
  ttlSeconds: number | null;
  schedule: object | null;
  /** Oldest first; a day apart, the last on 2026-01-31. */
  history: unknown[];
}

export interface Asked {
  status: ToolOutcome['status'];
  text: string;
  /** The result's `data`; undefined where the call failed. */
  data: unknown;
  error: string | undefined;
}

export interface AskedCall {
  runId: string;
  callId: string;
  conversationId: string;
}

export interface ToolWorld extends World {
  jobs: Jobs;
  published: { rooms: readonly string[]; event: string; payload: Record<string, unknown> }[];
  addShown(owner: Actor, widget?: Partial<ShownWidget>): Promise<string>;
  addConversation(person: Actor, title: string, messages: string[]): Promise<string>;
  /** A running run of the person's with one call to this tool. */
  addCall(person: Actor, name: string): Promise<AskedCall>;
  contextOf(actor: Actor, call?: { runId: string; conversationId: string }): ToolContext;
  finisher(actor: Actor, call: AskedCall): FinishCall;
  /** One call from the model's text to what the model is given. */
  ask(person: Actor, name: ToolName, args: unknown, allowed?: readonly ToolName[]): Promise<Asked>;
}

const LAST_MOMENT = Date.parse('2026-01-31T12:00:00Z');
const DAY_MS = 86_400_000;

export async function createToolWorld(): Promise<ToolWorld> {
  const world = await createWorld();
  const logger = pino({ level: process.env.TEST_LOG_LEVEL ?? 'silent' });
  const broker = openBroker({ databaseUrl: world.url, redisUrl: undefined, logger });
  const jobs = createJobs(broker);
  await Promise.all(Object.values(jobs.queues).map((queue) => queue.waitUntilReady()));
  const published: ToolWorld['published'] = [];
  // One connection: what is asked at the same time takes turns.
  let last: Promise<unknown> = Promise.resolve();
  const sql: World['sql'] = (text, values) => {
    const answer = last.then(() => world.sql(text, values));
    last = answer.catch(() => undefined);
    return answer;
  };
  const insert = (table: string, row: Record<string, unknown>) => {
    const columns = Object.keys(row);
    const places = columns.map((_, index) => `$${index + 1}`);
    return sql(
      `insert into ${table} (${columns.join(', ')}) values (${places.join(', ')})`,
      Object.values(row),
    );
  };

  async function addConversation({ businessId, userId }: Actor, title: string, messages: string[]) {
    const id = newId();
    await insert('conversations', { id, business_id: businessId, user_id: userId, title });
    for (const [index, content] of messages.entries()) {
      await insert('messages', {
        id: newId(),
        business_id: businessId,
        conversation_id: id,
        role: index % 2 === 0 ? 'user' : 'assistant',
        content,
        status: 'completed',
        position: index + 1,
      });
    }
    return id;
  }

  const built: ToolWorld = {
    ...world,
    sql,
    jobs,
    published,
    addConversation,
    async addShown({ businessId, userId }, widget = {}) {
      const id = newId();
      const { name = 'A widget', type = 'custom', data = null, config = {}, scope = 'business' } = widget;
      const { status = 'ok', error = null, refreshedAt = new Date(), ttlSeconds = null } = widget;
      const { source = { kind: 'static', data: {} }, schedule = null, history = [] } = widget;
      const of = { business_id: businessId };
      const definition = { name, type, config, source, scope, ttl_seconds: ttlSeconds };
      const json = schedule && JSON.stringify(schedule);
      await insert('widgets', { ...of, ...definition, id, owner_id: userId, schedule: json });
      const inWidget = { ...of, widget_id: id };
      await insert('widget_data', {
        ...inWidget,
        status,
        error: error && JSON.stringify(error),
        data: data === null ? null : JSON.stringify(data),
      });
      await insert('widget_schedules', { ...inWidget, refreshed_at: refreshedAt });
      for (const [index, value] of history.entries()) {
        await insert('widget_data_history', {
          ...inWidget,
          version: index + 1,
          data: JSON.stringify(value),
          refreshed_at: new Date(LAST_MOMENT - (history.length - 1 - index) * DAY_MS),
        });
      }
      return id;
    },
    async addCall(person, name) {
      const conversationId = await addConversation(person, 'Asking', ['A question', '']);
      const messages = await sql('select id from messages where conversation_id = $1 order by position', [
        conversationId,
      ]);
      const [runId, callId] = [newId(), newId()];
      const of = { business_id: person.businessId };
      await insert('runs', {
        ...of,
        id: runId,
        conversation_id: conversationId,
        user_id: person.userId,
        message_id: messages[0]?.id,
        reply_id: messages[1]?.id,
        position: 2,
        status: 'running',
        request_id: 'test',
      });
      await insert('run_turns', { ...of, run_id: runId, turn: 1 });
      const call = { turn: 1, place: 0, provider_call_id: 'call', name, arguments: '{}' };
      await insert('tool_calls', { ...of, ...call, id: callId, run_id: runId });
      return { runId, callId, conversationId };
    },
    contextOf: (actor, call = { runId: newId(), conversationId: newId() }) => ({
      db: world.db,
      actor,
      runId: call.runId,
      conversationId: call.conversationId,
      requestId: 'test',
      timezone: 'UTC',
      locale: 'en',
      signal: new AbortController().signal,
      logger,
      jobs,
      publish: (rooms, event, payload) => void published.push({ rooms, event, payload: { ...payload } }),
    }),
    finisher:
      (actor, { runId, callId }) =>
      (outcome, effect) =>
        finishToolCall(
          world.db,
          { businessId: actor.businessId, id: runId, epoch: 0 },
          callId,
          outcome,
          effect,
        ),
    async ask(person, name, args, allowed = TOOL_NAMES) {
      const call = await built.addCall(person, name);
      const asked = { name, arguments: typeof args === 'string' ? args : JSON.stringify(args) };
      const outcome = await runCall(
        built.contextOf(person, call),
        allowed,
        asked,
        built.finisher(person, call),
      );
      if (!outcome) throw new Error('The call had ended already.');
      const [stored] = await sql('select status, result from tool_calls where id = $1', [call.callId]);
      expect(stored).toEqual(outcome);
      const json = JSON.parse(outcome.result) as { data?: unknown; error?: string };
      return { status: outcome.status, text: outcome.result, data: json.data, error: json.error };
    },
    async drop() {
      await broker.close();
      await world.drop();
    },
  };
  return built;
}

export type { Person };
