import { LOST_BATCH } from '../../../domain/runs/limits';
import { lostRuns } from '../../../domain/runs/recover';
import { askConfirmation } from '../../../domain/runs/ask';
import { createRunWorld, type RunWorld } from './fixture';

let world: RunWorld;
beforeAll(async () => {
  world = await createRunWorld();
});
afterAll(() => world.drop());
// A sweep is everyone's: what one test left behind is not the next one's.
beforeEach(() =>
  world.sql('update runs set enqueued_at = now(), lease_until = now() where lease_until is not null'),
);

const lost = async (): Promise<string[]> => (await lostRuns(world.db)).map(({ runId }) => runId);
const age = (runId: string, seconds: number) =>
  world.sql(`update runs set enqueued_at = now() - $2 * interval '1 s' where id = $1`, [runId, seconds]);

describe('a sweep for lost runs', () => {
  it('finds one that nobody claimed, once, under a new delivery', async () => {
    const { run } = await world.ask();
    expect(await lost()).not.toContain(run.id);
    await age(run.id, 6);
    const sweeps = await Promise.all(Array.from({ length: 6 }, () => lostRuns(world.db)));
    expect(sweeps.flat().filter(({ runId }) => runId === run.id)).toEqual([
      { businessId: world.businessId, runId: run.id, delivery: 1, requestId: 'test' },
    ]);
    expect(await lost()).not.toContain(run.id);
  });

  it('looks less often at one that was handed over often, and never later than the promise', async () => {
    const { run } = await world.ask();
    await world.sql('update runs set deliveries = 1 where id = $1', [run.id]);
    await age(run.id, 6);
    expect(await lost()).not.toContain(run.id);
    await world.sql('update runs set deliveries = 1000000 where id = $1', [run.id]);
    await age(run.id, 31);
    expect(await lost()).toContain(run.id);
  });

  it('passes over one that waits behind another', async () => {
    const { run, conversation } = await world.ask();
    const behind = await world.ask({ conversationId: conversation.id });
    await age(run.id, 6);
    await age(behind.run.id, 6);
    const found = await lost();
    expect(found).toContain(run.id);
    expect(found).not.toContain(behind.run.id);
  });

  it('finds one whose worker is gone, and none that is alive or waits for its person', async () => {
    const [alive, dead, waits] = [await world.begin(), await world.begin(), await world.begin()];
    const { id } = await world.callOnce(waits);
    await askConfirmation(world.db, waits, [{ id, summary: 'Refresh' }]);
    for (const run of [alive, dead, waits]) await age(run.id, 60);
    await world.sql(`update runs set lease_until = now() - interval '1 s' where id = $1`, [dead.id]);
    const found = await lost();
    expect(found).toContain(dead.id);
    expect(found).not.toContain(alive.id);
    expect(found).not.toContain(waits.id);
    expect(await lost()).not.toContain(dead.id);
    expect(await world.claim(dead.id)).toMatchObject({ epoch: 2, crashes: 1 });
  });

  it('takes many in bounded batches, each run once, however many processes look', async () => {
    const asked = await Promise.all(Array.from({ length: 5 }, () => world.ask()));
    // Copies of one run, each in a conversation of its own.
    await world.sql(
      `with copy as (select gen_random_uuid() as id, gen_random_uuid() as reply, gen_random_uuid() as conversation
                       from generate_series(1, $2)),
       c as (insert into conversations (id, business_id, user_id)
             select conversation, business_id, user_id from copy, runs where runs.id = $1),
       m as (insert into messages (id, business_id, conversation_id, role, status, position)
             select reply, business_id, conversation, 'assistant', 'pending', 2 from copy, runs where runs.id = $1)
       insert into runs (id, business_id, conversation_id, user_id, message_id, reply_id, position, request_id)
       select copy.id, business_id, conversation, user_id, reply, reply, 2, 'test' from copy, runs where runs.id = $1`,
      [asked[0]?.run.id, 2 * LOST_BATCH],
    );
    await world.sql(`update runs set enqueued_at = now() - interval '1 min' where status = 'queued'`);
    const sweeps = await Promise.all(Array.from({ length: 2 }, () => lostRuns(world.db)));
    for (const sweep of sweeps) expect(sweep.length).toBeLessThanOrEqual(LOST_BATCH);
    const rest: string[] = [];
    for (let found = await lost(); found.length > 0; found = await lost()) rest.push(...found);
    const ids = [...sweeps.flat().map(({ runId }) => runId), ...rest];
    expect(new Set(ids).size).toBe(ids.length);
    const [open] = await world.sql(
      `select count(*)::int as count from runs r where status = 'queued' and not exists (
         select from runs e where e.conversation_id = r.conversation_id and e.position < r.position
            and e.status in ('queued', 'running', 'waiting'))`,
    );
    expect(ids).toHaveLength(open?.['count'] as number);
  });
});
