import { withTenant } from '../../../db/scope';
import type { Actor } from '../../../domain/roles';
import { claimRun } from '../../../domain/runs/claim';
import { createRun, type CreatedRun } from '../../../domain/runs/create';
import { saveTurn } from '../../../domain/runs/turns';
import type { ClaimedRun, ToolCallRow } from '../../../domain/runs/types';
import { addAgent } from '../../factories/agents';
import { createWorld, type Person, type World } from '../../realtime/fixture';

/** A run's row beside its reply's, as the tables' owner sees them. */
export interface RunState {
  status: string;
  reasonCode: string | null;
  epoch: number;
  crashes: number;
  deliveries: number;
  stopRequested: boolean;
  leased: boolean;
  deadlineAt: Date | null;
  reply: string;
  replyStatus: string;
  calls: string[];
}

/** The lifecycle as servers and workers use it, on a database of a test file's own. */
export interface RunWorld extends World {
  businessId: string;
  ann: Person;
  agentId: string;
  /** A message of Ann's; without a conversation's id in a new one. */
  ask(options?: {
    conversationId?: string;
    content?: string;
    actor?: Actor;
    agentId?: string;
  }): Promise<CreatedRun>;
  claim(runId: string): Promise<ClaimedRun | undefined>;
  /** A new run in a worker's hands. */
  begin(conversationId?: string): Promise<ClaimedRun>;
  /** A finished turn that called a tool once. */
  callOnce(run: ClaimedRun, turn?: number, content?: string): Promise<ToolCallRow>;
  /** As if the worker had died long ago. */
  expire(runId: string): Promise<void>;
  /** The same run in another worker's hands, after the first one's lease ran out. */
  takeOver(run: ClaimedRun): Promise<ClaimedRun>;
  state(runId: string): Promise<RunState>;
}

const given = <T>(value: T | undefined): T => {
  if (value === undefined) throw new Error('The database refused what this test begins with.');
  return value;
};

export async function createRunWorld(): Promise<RunWorld> {
  const world = await createWorld();
  const { db } = world;
  // One connection: what is asked at the same time takes turns.
  let last: Promise<unknown> = Promise.resolve();
  const sql: World['sql'] = (text, values) => {
    const answer = last.then(() => world.sql(text, values));
    last = answer.catch(() => undefined);
    return answer;
  };
  const businessId = await world.addBusiness();
  const ann = await world.addPerson(businessId);
  const agentId = await addAgent(sql, ann);

  const ask: RunWorld['ask'] = ({ conversationId, content = 'How are sales?', actor = ann, ...other } = {}) =>
    withTenant(db, actor.businessId, (tx) =>
      createRun(tx, actor, {
        agentId: other.agentId ?? agentId,
        ...(conversationId && { conversationId }),
        content,
        requestId: 'test',
      }),
    );
  const claim = (runId: string) => claimRun(db, businessId, runId);
  const expire = async (runId: string) =>
    void (await sql(
      `update runs set lease_until = now() - interval '1 s', enqueued_at = now() - interval '1 min' where id = $1`,
      [runId],
    ));
  return {
    ...world,
    sql,
    businessId,
    ann,
    agentId,
    ask,
    claim,
    expire,
    async begin(conversationId) {
      const { run } = await ask(conversationId ? { conversationId } : {});
      return given(await claim(run.id));
    },
    async callOnce(run, turn = 1, content = 'Let me see.') {
      const calls = [{ providerCallId: `call-${turn}`, name: 'automation', arguments: '{}' }];
      const saved = given(await saveTurn(db, run, { turn, content, calls }));
      return given(saved.toolCalls[0]);
    },
    async takeOver(run) {
      await expire(run.id);
      return given(await claim(run.id));
    },
    async state(runId) {
      const [row] = await sql(
        `select r.status, r.reason_code as "reasonCode", r.epoch, r.crashes, r.deliveries,
                r.stop_requested_at is not null as "stopRequested", r.lease_until is not null as leased,
                r.deadline_at as "deadlineAt", m.content as reply, m.status as "replyStatus",
                array(select t.status from tool_calls t where t.run_id = r.id order by t.turn, t.place) as calls
           from runs r join messages m on m.id = r.reply_id where r.id = $1`,
        [runId],
      );
      return row as unknown as RunState;
    },
  };
}
