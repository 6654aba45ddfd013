import { createHoldCall } from '../../domain/money/hold-unbudgeted';
import { claimRun } from '../../domain/runs/claim';
import { endRun } from '../../domain/runs/end';
import { createRenewRun } from '../../domain/runs/renew';
import { createSaveReply } from '../../domain/runs/reply';
import type { ClaimedRun } from '../../domain/runs/types';
import { openDatabase, type Database } from '../../db/database';
import { callOf, createAgent, createChat } from '../factories/chat';
import { createTenant, type Person } from '../factories/tenant';
import { apiOf } from '../server/http/api';
import { JWT_SECRET, serve, type Served } from '../server/serve';
import { startCrashingPostgres, type CrashingPostgres } from '../support/crashing-postgres';
import { query } from '../support/postgres';

let postgres: CrashingPostgres;
let served: Served;
let person: Person;
/** What survives a crash: its connections are made anew. */
let db: Database;
beforeAll(async () => {
  postgres = await startCrashingPostgres();
  served = await serve({ DATABASE_URL: postgres.url });
  person = (await createTenant({ db: served.db, secrets: [JWT_SECRET] })).admin;
  db = openDatabase(postgres.url, 4);
});
afterAll(async () => {
  await db.close();
  await served.close();
  await postgres.stop();
});

const claim = async (runId: string): Promise<ClaimedRun> => {
  const claimed = await claimRun(db, person.businessId, runId);
  if (!claimed) throw new Error('The run could not be claimed.');
  return claimed;
};
const stateOf = async (runId: string) =>
  (await query(postgres.url, `select status, epoch from runs where id = '${runId}'`))[0];
const hold = (run: ClaimedRun) => createHoldCall(db)(callOf(run));

describe('a crash of Postgres', () => {
  it('that forgets first claims gives the run to one worker, with an epoch that none had before', async () => {
    const { run } = await createChat(db, person);
    const forgotten: ClaimedRun[] = [];
    for (let crashes = 0; crashes < 2; crashes += 1) {
      forgotten.push(await claim(run.id));
      expect(await stateOf(run.id)).toMatchObject({ status: 'running' });
      await postgres.crash();
      expect(await stateOf(run.id)).toEqual({ status: 'queued', epoch: 0 });
    }
    const held = await claim(run.id);

    const epochs = [...forgotten, held].map(({ epoch }) => epoch);
    expect(epochs).toEqual([...new Set(epochs)].sort((a, b) => a - b));
    expect(epochs[0]).toBe(1);
    const [renew, save] = [createRenewRun(db), createSaveReply(db)];
    for (const twin of forgotten) {
      expect(await renew(twin)).toBeUndefined();
      expect(await save(twin, 'not mine')).toBe(false);
      expect(await hold(twin)).toEqual({ lost: true });
      expect(await endRun(db, twin, { status: 'failed', content: 'not mine' })).toBeUndefined();
    }
    expect(await renew(held)).toMatchObject({ stopRequested: false });
    expect(await endRun(db, held, { status: 'completed', content: 'mine' })).toMatchObject({
      message: { status: 'completed', content: 'mine' },
    });
  });

  it('forgets no claim whose call was held', async () => {
    const { run } = await createChat(db, person);
    const claimed = await claim(run.id);
    expect(await hold(claimed)).toHaveProperty('granted');
    await postgres.crash();
    expect(await stateOf(run.id)).toEqual({ status: 'running', epoch: 1 });
    const ledger = await query(postgres.url, `select epoch, status from ledger where run_id = '${run.id}'`);
    expect(ledger).toEqual([{ epoch: 1, status: 'held' }]);
  });

  it('forgets no message that was answered with 202', async () => {
    const agentId = await createAgent(served.db, person);
    const asked = await apiOf(served.port, person.token).post(`/agents/${agentId}/chat`, {
      message: 'Kept?',
    });
    await postgres.crash();
    expect(asked.status).toBe(202);
    const { run } = asked.body.data as { run: { id: string } };
    expect(await stateOf(run.id)).toEqual({ status: 'queued', epoch: 0 });
  });
});
