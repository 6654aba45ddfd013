import { askConfirmation } from '../../../domain/runs/ask';
import { confirmRun } from '../../../domain/runs/confirm';
import { expiredConfirmations } from '../../../domain/runs/recover';
import { finishToolCall, loadTurns, saveTurn } from '../../../domain/runs/turns';
import type { ClaimedRun } from '../../../domain/runs/types';
import { createRunWorld, type RunWorld } from './fixture';

let world: RunWorld;
beforeAll(async () => {
  world = await createRunWorld();
});
afterAll(() => world.drop());

/** A run that waits for the word on two calls. */
async function waiting(): Promise<{ held: ClaimedRun; ids: [string, string] }> {
  const held = await world.begin();
  const calls = ['a', 'b'].map((providerCallId) => ({ providerCallId, name: 'automation', arguments: '{}' }));
  const turn = await saveTurn(world.db, held, { turn: 1, content: '', calls });
  const ids = (turn?.toolCalls ?? []).map(({ id }) => id) as [string, string];
  await askConfirmation(
    world.db,
    held,
    ids.map((id) => ({ id, summary: 'Refresh Sales' })),
  );
  return { held, ids };
}

const confirm = (runId: string, toolCallId: string, approve: boolean) =>
  confirmRun(world.db, world.ann, runId, { toolCallId, approve });

describe('the person’s word', () => {
  it('lets the run go on when the last call has it, with a deadline of its own', async () => {
    const { held, ids } = await waiting();
    await world.sql(`update runs set deadline_at = now() - interval '1 min' where id = $1`, [held.id]);
    const version = async () =>
      (await world.sql('select version from runs where id = $1', [held.id]))[0]?.['version'];
    const before = await version();
    const first = await confirm(held.id, ids[0], true);
    expect(first.delivery).toBeUndefined();
    // What still waits is part of the run: sync and events must show it anew.
    expect(first.run.version).toBeGreaterThan(Number(before));
    expect(first.run).toMatchObject({ status: 'waiting', confirmations: [{ toolCallId: ids[1] }] });
    const second = await confirm(held.id, ids[1], false);
    expect(second.run).toMatchObject({ status: 'queued', confirmations: [] });
    expect(second.delivery).toMatchObject({ runId: held.id, delivery: 1, requestId: 'test' });
    const again = (await world.claim(held.id)) as ClaimedRun;
    expect(again).toMatchObject({ epoch: 2, crashes: 0 });
    expect(again.deadlineAt.getTime()).toBeGreaterThan(Date.now());
    const [turn] = await loadTurns(world.db, again);
    expect(turn?.toolCalls.map(({ status, result }) => [status, result])).toEqual([
      ['approved', null],
      ['declined', 'The person declined this.'],
    ]);
    const end = { status: 'done', result: '' } as const;
    expect(await finishToolCall(world.db, again, ids[0], end, async () => 'Done.')).toBeDefined();
    expect(await finishToolCall(world.db, again, ids[1], end, async () => 'Done.')).toBeUndefined();
  });

  it('counts once, and only where something waits', async () => {
    const { held, ids } = await waiting();
    const both = await Promise.allSettled([confirm(held.id, ids[0], true), confirm(held.id, ids[0], false)]);
    expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    await expect(confirm(held.id, held.id, true)).rejects.toMatchObject({
      status: 409,
      code: 'nothing_to_confirm',
    });
    const running = await world.begin();
    const call = await world.callOnce(running);
    await expect(confirm(running.id, call.id, true)).rejects.toMatchObject({ status: 409 });
  });

  it('on both calls at the same moment hands the run over once', async () => {
    const { held, ids } = await waiting();
    const both = await Promise.all(ids.map((id) => confirm(held.id, id, true)));
    expect(both.flatMap(({ delivery }) => delivery ?? [])).toHaveLength(1);
  });

  it('is not another person’s, or another run’s', async () => {
    const { held, ids } = await waiting();
    const other = await waiting();
    const bob = await world.addPerson(world.businessId, 'admin');
    const eve = await world.addPerson(await world.addBusiness(), 'admin');
    for (const actor of [bob, eve])
      await expect(
        confirmRun(world.db, actor, held.id, { toolCallId: ids[0], approve: true }),
      ).rejects.toMatchObject({ status: 404 });
    await expect(confirm(other.held.id, ids[0], true)).rejects.toMatchObject({ status: 409 });
    expect(await world.state(held.id)).toMatchObject({ status: 'waiting', calls: ['waiting', 'waiting'] });
  });

  it('that never comes counts as no', async () => {
    const { held, ids } = await waiting();
    await confirm(held.id, ids[0], true);
    expect(await expiredConfirmations(world.db)).toEqual([]);
    await world.sql(`update runs set confirm_until = now() - interval '1 s' where id = $1`, [held.id]);
    const sweeps = await Promise.all(Array.from({ length: 4 }, () => expiredConfirmations(world.db)));
    expect(sweeps.flat()).toEqual([
      { businessId: world.businessId, runId: held.id, delivery: 1, requestId: 'test' },
    ]);
    expect(await world.state(held.id)).toMatchObject({ status: 'queued', calls: ['approved', 'declined'] });
  });
});
