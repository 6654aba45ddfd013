import { openDatabase, type Database } from '../../db/database';
import { withSystem, withTenant, type Statement, type Transaction } from '../../db/scope';
import { claimMail } from '../../domain/mail/claim';
import { endMail, renewMail } from '../../domain/mail/end';
import { dueMails } from '../../domain/mail/recover';
import { queueMail } from '../../domain/mail/queue-mail';
import { createHoldCall } from '../../domain/money/hold-unbudgeted';
import { settleCall } from '../../domain/money/settle';
import { NO_USAGE } from '../../domain/money/usage';
import { claimRun } from '../../domain/runs/claim';
import { createRun } from '../../domain/runs/create';
import { endRun } from '../../domain/runs/end';
import { expiredConfirmations, lostRuns } from '../../domain/runs/recover';
import { createRenewRun } from '../../domain/runs/renew';
import { createSaveReply } from '../../domain/runs/reply';
import { requestStop } from '../../domain/runs/stop';
import { finishToolCall, saveTurn } from '../../domain/runs/turns';
import type { ClaimedRun } from '../../domain/runs/types';
import { callOf } from '../factories/chat';
import { addPastChats } from '../factories/past-chats';
import { createRunWorld, type RunWorld } from '../domain/runs/fixture';

let world: RunWorld;
/** Of one connection, which knows every statement that was asked of it. */
let db: Database;
beforeAll(async () => {
  world = await createRunWorld();
  const { businessId, agentId, ann } = world;
  await addPastChats(world.sql, { businessId, agentId, userIds: [ann.userId] });
  await world.sql(
    `with turn as (
       insert into run_turns (run_id, turn, business_id, content) select id, 1, business_id, '' from runs
     )
     insert into tool_calls (id, business_id, run_id, turn, place, provider_call_id, name, arguments, status, result)
     select gen_random_uuid(), business_id, id, 1, 0, 'call', 'search', '{}', 'done', 'Nothing' from runs`,
  );
  await world.sql(
    `insert into mails (id, template, recipient, status)
     select gen_random_uuid(), 'password_changed', 'ann@example.test', 'sent' from generate_series(1, 5000)`,
  );
  await world.sql('analyze');
  db = openDatabase(world.url, 1);
});
afterAll(async () => {
  await db.close();
  await world.drop();
});

async function claim(runId: string): Promise<ClaimedRun> {
  const claimed = await claimRun(db, world.businessId, runId);
  if (!claimed) throw new Error('The run could not be claimed.');
  return claimed;
}

const ask = (conversationId?: string) =>
  withTenant(db, world.businessId, (tx) =>
    createRun(tx, world.ann, {
      agentId: world.agentId,
      ...(conversationId && { conversationId }),
      content: 'How are sales?',
      requestId: 'test',
    }),
  );

async function callModel(run: ClaimedRun, turn: number): Promise<void> {
  const outcome = await createHoldCall(db)(callOf(run, { turn }));
  if (!('granted' in outcome)) throw new Error(`Not granted: ${JSON.stringify(outcome)}`);
  await settleCall(db, world.businessId, outcome.granted.ledgerId, { outcome: 'completed', usage: NO_USAGE });
}

/** From question to answer, with a tool call on the way, then a question that is stopped. */
async function chat(): Promise<void> {
  const { run: asked, conversation } = await ask();
  const run = await claim(asked.id);
  await callModel(run, 1);
  const calls = [{ providerCallId: 'call', name: 'search', arguments: '{}' }];
  const turn = await saveTurn(db, run, { turn: 1, content: 'Let me see.', calls });
  const [call] = turn?.toolCalls ?? [];
  if (!call) throw new Error('The turn was not saved.');
  await finishToolCall(db, run, call.id, { status: 'done', result: 'Four percent' });
  await callModel(run, 2);
  await createSaveReply(db)(run, 'Let me see.');
  await createRenewRun(db)(run);
  await endRun(db, run, { status: 'completed', content: 'Four percent.' });
  const { run: next } = await ask(conversation.id);
  await requestStop(db, world.ann, next.id);
}

async function mail(): Promise<void> {
  const { mailId } = await withSystem(db, (tx) =>
    queueMail(tx, {
      template: 'password_changed',
      recipient: 'ann@example.test',
      userId: null,
      businessId: null,
      subjectId: null,
    }),
  );
  await claimMail(db, mailId);
  await renewMail(db, { id: mailId, attempts: 1 });
  await endMail(db, mailId, 'sent');
}

interface Plan {
  'Node Type': string;
  'Relation Name'?: string;
  'Index Name'?: string;
  'Index Cond'?: string;
  Plans?: Plan[];
}

/** Tables and indexes that a plan reads whole. */
const readWhole = ({ Plans: below = [], ...node }: Plan): string[] => [
  ...(node['Node Type'] === 'Seq Scan' ? [node['Relation Name'] ?? ''] : []),
  ...(node['Index Name'] && !node['Index Cond'] ? [node['Index Name']] : []),
  ...below.flatMap(readWhole),
];

interface Prepared {
  name: string;
  parameters: number;
}

const ACROSS_TENANTS = /^(?:mail-|runs-)/;

async function planOf({ name, parameters }: Prepared): Promise<Plan> {
  const values = Array.from({ length: parameters }, () => 'null').join(', ');
  const work = async (tx: Transaction) => {
    await tx.query({ name: '', text: 'set local plan_cache_mode = force_generic_plan' }, []);
    const [row] = await tx.query<{ 'QUERY PLAN': { Plan: Plan }[] }>(
      { name: '', text: `explain (format json) execute "${name}" ${values && `(${values})`}` },
      [],
    );
    return row?.['QUERY PLAN'][0]?.Plan as Plan;
  };
  return ACROSS_TENANTS.test(name) ? withSystem(db, work) : withTenant(db, world.businessId, work);
}

const PREPARED: Statement = {
  name: '',
  text: `select name, cardinality(parameter_types) as parameters from pg_prepared_statements
          where name not like 'scope_%'`,
};

/** `ledger_holds` holds what is under way. */
const GROWING = /^(?!ledger_holds)(?:runs|messages|conversations|ledger|mails|run_turns|tool_calls)/;

async function sweep(): Promise<void> {
  await lostRuns(db);
  await expiredConfirmations(db);
  await dueMails(db);
}

/** How long what is queued may wait grows with its deliveries: no range of the index, which holds the queued alone. */
const MEANT_TO_BE = 'runs-lost: runs_queued';

it('no statement on the way of a run or a mail, and no sweep, reads a table or an index whole', async () => {
  await chat();
  await mail();
  await sweep();
  const prepared = await withSystem(db, (tx) => tx.query<Prepared & object>(PREPARED, []));
  expect(prepared.map(({ name }) => name)).toEqual(
    expect.arrayContaining([
      'run-claim-first',
      'hold-share-run',
      'run-reply',
      'run-renew',
      'run-end',
      'mail-claim',
      'runs-lost',
      'runs-unconfirmed',
      'mail-due',
    ]),
  );
  const found: string[] = [];
  for (const statement of prepared) {
    for (const whole of readWhole(await planOf(statement)))
      if (GROWING.test(whole)) found.push(`${statement.name}: ${whole}`);
  }
  expect(found).toEqual([MEANT_TO_BE]);
});
