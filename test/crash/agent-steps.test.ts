import { confirmRun } from '../../domain/runs/confirm';
import { openPlatform, type Platform } from '../stand/platform';
import { eventually } from '../support/eventually';
import { scripted } from '../support/sandbox';
import { problemsOf } from './accounts';
import { openGate, type Gate } from './gate';
import { stepsOn, type StepTools, type Trace } from './step-tools';

jest.setTimeout(120_000);

/** A run that was brought to a step of its work, and is held there. */
interface Held {
  runId: string;
  /** Lets go of what held it, once its worker is dead. */
  release?: () => Promise<void>;
}

let platform: Platform;
let on: StepTools;
/** Before the providers of two businesses, and between the doomed worker and Postgres. */
let unsent: Gate;
let unread: Gate;
let postgres: Gate;
let held: Record<keyof typeof STEPS, Held>;
let killedAt: number;
const widgetIds: string[] = [];
/** Behind the run that had ended when its worker died. */
let nextId: string;

const SEARCH = { name: 'search', arguments: { query: 'sales', kinds: ['dashboard'] } };

/** A run that waits for the word on a change of a widget's schedule. */
async function asksToWrite(said: string) {
  const whose = on.businessApart();
  const { widgetId } = whose;
  widgetIds.push(widgetId);
  const call = {
    name: 'automation',
    arguments: { action: 'set_schedule', widgetId, schedule: { everySeconds: 600 } },
  };
  const runId = await on.chat(
    whose,
    scripted({ steps: [{ text: 'May I?', toolCalls: [call] }, { text: said }] }),
  );
  const asked = await eventually('it asks', async () => {
    const [row] = await platform.sql(
      `select t.id from tool_calls t join runs r on r.id = t.run_id
        where r.id = $1 and r.status = 'waiting' and t.status = 'waiting'`,
      [runId],
    );
    return row as { id: string } | undefined;
  });
  const approve = async () => {
    const word = { toolCallId: asked.id, approve: true };
    const { delivery } = await confirmRun(platform.db, whose.actor, runId, word);
    if (!delivery) throw new Error('Nothing is to be delivered.');
    await platform.deliver([{ deliveries: [delivery] } as never]);
  };
  return { runId, widgetId, approve };
}

/** Each brings a run to its step, by what is seen from outside of the worker. */
const STEPS = {
  async 'before its call is held'(): Promise<Held> {
    const whose = on.businessApart();
    const release = await on.lock(`select pg_advisory_xact_lock(hashtextextended('budgets ' || $1, 0))`, [
      whose.actor.businessId,
    ]);
    const runId = await on.chat(whose, scripted({ text: 'Step one.' }));
    await on.waitsIn('pg_advisory_xact_lock_shared');
    return { runId, release };
  },
  async 'before its call is sent'(): Promise<Held> {
    const runId = await on.chat(await on.businessBehind(unsent), scripted({ text: 'Step two.' }));
    // Its money is held, and its connection goes nowhere.
    await eventually(
      'the call waits at the gate',
      async () => unsent.waiting > 0 && (await on.callsOf(runId)).length > 0,
    );
    return { runId };
  },
  async 'while it streams'(): Promise<Held> {
    const whose = on.businessApart();
    const stalled = { fault: 'stall', text: 'Step three goes on and on.', afterChunks: 3 } as const;
    await platform.sandbox.rules({ match: { contains: 'Three' }, times: 1, behaviour: stalled });
    const runId = await on.chat(whose, scripted({ text: 'Step three.' }, 'Three'));
    await eventually('its first words are stored', async () => {
      const [row] = await platform.sql(
        'select m.content from messages m join runs r on r.reply_id = m.id where r.id = $1',
        [runId],
      );
      return row?.['content'] !== '';
    });
    return { runId };
  },
  async 'between its reply and the settlement'(): Promise<Held> {
    const runId = await on.chat(await on.businessBehind(unread), scripted({ text: 'Step four.' }, 'Four'));
    const call = await eventually('its call is held', async () => (await on.callsOf(runId))[0]);
    const release = await on.lock('select from ledger where id = $1 for update', [call.id]);
    unread.resume();
    await on.waitsIn('from ledger l left join model_prices');
    expect(await on.requestsOf('Four')).toMatchObject([{ outcome: 'completed', clientRequestId: call.id }]);
    return { runId, release };
  },
  async 'inside a tool that reads'(): Promise<Held> {
    const whose = on.businessApart();
    const release = await on.lock('lock table dashboards in access exclusive mode');
    const steps = [{ text: 'Let me look.', toolCalls: [SEARCH] }, { text: 'Step five.' }];
    const runId = await on.chat(whose, scripted({ steps }));
    await on.waitsIn('from dashboards');
    return { runId, release };
  },
  async 'inside a tool that writes'(): Promise<Held> {
    const { runId, widgetId, approve } = await asksToWrite('Step six.');
    const release = await on.lock('select from widgets where id = $1 for update', [widgetId]);
    await approve();
    await on.waitsIn('widgets');
    return { runId, release };
  },
  async 'behind a tool that wrote'(): Promise<Held> {
    const { runId, approve } = await asksToWrite('Step seven.');
    const stalled = { fault: 'stall', text: 'Step seven goes on.', afterChunks: 2 } as const;
    await platform.sandbox.rules({ match: { contains: 'Step seven.' }, times: 1, behaviour: stalled });
    await approve();
    await eventually(
      'it is done, and the model told',
      async () => (await on.requestsOf('Step seven.')).length === 2,
    );
    return { runId };
  },
  /** The commit is done, and its worker does not know. */
  async 'behind the commit of its end'(): Promise<Held> {
    const { actor, agentId } = on.businessApart();
    await platform.sql('insert into agent_totals (agent_id, business_id) values ($1, $2)', [
      agentId,
      actor.businessId,
    ]);
    const release = await on.lock('select from agent_totals where agent_id = $1 for update', [agentId]);
    const first = await platform.ask({ actor, agentId, content: scripted({ text: 'Step eight.' }) });
    const next = await platform.ask({
      actor,
      agentId,
      conversationId: first.conversation.id,
      content: scripted({ text: 'Step nine.' }),
    });
    nextId = next.run.id;
    await platform.deliver([first, next]);
    // Postgres shows a statement's first 1,024 characters.
    await on.waitsIn('select r.* from runs r where r.id');
    return { runId: first.run.id, release };
  },
};

const databaseTime = async (): Promise<number> =>
  Number((await platform.sql('select extract(epoch from clock_timestamp()) * 1000 as ms'))[0]?.['ms']);

const statusOf = async (runId: string) =>
  (await platform.sql('select status from runs where id = $1', [runId]))[0]?.['status'];

beforeAll(async () => {
  platform = await openPlatform();
  on = await stepsOn(platform, Object.keys(STEPS).length);
  const { url } = platform.sandbox;
  [unsent, unread, postgres] = await Promise.all([openGate(url), openGate(url), openGate(platform.url)]);
  unsent.hold('to');
  unread.hold('from');
  const gated = new URL(platform.url);
  gated.port = String(postgres.port);
  const hosts = [new URL(url).host, ...[unsent, unread].map(({ port }) => `127.0.0.1:${port}`)].join(',');
  const doomed = await platform.startWorker({ DATABASE_URL: gated.href, ALLOW_PRIVATE_HOSTS: hosts });
  const steps = Object.entries(STEPS);
  const begun = await Promise.all(steps.map(async ([name, begin]) => [name, await begin()] as const));
  held = Object.fromEntries(begun) as typeof held;

  const last = held['behind the commit of its end'];
  postgres.hold('from');
  await last.release?.();
  await eventually('its end is committed', async () => (await statusOf(last.runId)) === 'completed');
  await doomed.kill('SIGKILL');
  killedAt = await databaseTime();
  for (const { runId, release } of Object.values(held)) if (runId !== last.runId) await release?.();
  postgres.reopen();
  unsent.reopen();
  await platform.startWorker({ ALLOW_PRIVATE_HOSTS: hosts });
  await platform.ended([...Object.values(held).map(({ runId }) => runId), nextId]);
});
afterAll(async () => {
  await platform.close();
  await Promise.all([unsent, unread, postgres].map((gate) => gate.close()));
});

const AGAIN = 'epoch 2, turn 1: completed';

it.each<[keyof typeof STEPS, Trace]>([
  ['before its call is held', { epoch: 2, crashes: 1, reply: 'completed: Step one.', calls: [AGAIN] }],
  [
    'before its call is sent',
    {
      epoch: 2,
      crashes: 1,
      reply: 'completed: Step two.',
      calls: ['epoch 1, turn 1: unknown, not sent', AGAIN],
    },
  ],
  [
    'while it streams',
    { epoch: 2, crashes: 1, reply: 'completed: Step three.', calls: ['epoch 1, turn 1: unknown', AGAIN] },
  ],
  [
    'between its reply and the settlement',
    { epoch: 2, crashes: 1, reply: 'completed: Step four.', calls: ['epoch 1, turn 1: unknown', AGAIN] },
  ],
  [
    'inside a tool that reads',
    {
      epoch: 2,
      crashes: 1,
      reply: 'completed: Let me look.\n\nStep five.',
      calls: ['epoch 1, turn 1: completed', 'epoch 2, turn 2: completed'],
    },
  ],
  [
    'inside a tool that writes',
    {
      epoch: 3,
      crashes: 1,
      reply: 'completed: May I?\n\nStep six.',
      calls: ['epoch 1, turn 1: completed', 'epoch 3, turn 2: completed'],
    },
  ],
  [
    'behind a tool that wrote',
    {
      epoch: 3,
      crashes: 1,
      reply: 'completed: May I?\n\nStep seven.',
      calls: ['epoch 1, turn 1: completed', 'epoch 2, turn 2: unknown', 'epoch 3, turn 2: completed'],
    },
  ],
  [
    'behind the commit of its end',
    { epoch: 1, crashes: 0, reply: 'completed: Step eight.', calls: ['epoch 1, turn 1: completed'] },
  ],
])('a run whose worker is killed %s is answered once, and its calls are told', async (step, expected) => {
  expect(await on.traceOf(held[step].runId)).toEqual(expected);
});

it('what was confirmed is done once, though its worker was killed at it or behind it', async () => {
  const widgets = await platform.sql(
    'select schedule, version::int from widgets where id = any($1::uuid[])',
    [widgetIds],
  );
  expect(widgets).toEqual(widgetIds.map(() => ({ schedule: { everySeconds: 600 }, version: 2 })));
});

it('the next question is answered, though nobody was told that it is its turn', async () => {
  expect(await on.traceOf(nextId)).toMatchObject({ reply: 'completed: Step nine.', crashes: 0 });
});

it('all is over within 60 s of the crash, and the books are right', async () => {
  const [row] = await platform.sql('select max(extract(epoch from finished_at)) * 1000 as ms from runs');
  expect(Number(row?.['ms']) - killedAt).toBeLessThan(60_000);
  expect(await problemsOf(platform)).toBe('');
});
