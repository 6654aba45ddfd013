import { runMaintenance, type MaintenanceTask } from '../../domain/maintenance';
import { newId } from '../../lib/ids';
import { createWorld, type World } from '../realtime/fixture';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.drop());

/** Rows of different ages, days, and which of them the upkeep leaves. */
async function left(task: MaintenanceTask, table: string, insert: string, ages: number[]): Promise<string[]> {
  const businessId = await world.addBusiness();
  const { userId } = await world.addPerson(businessId, 'admin');
  const ids: string[] = [];
  for (const age of ages) {
    const id = newId();
    ids.push(id);
    const at = new Date(Date.now() - age * 86_400_000);
    await world.sql(insert, [id, businessId, userId, at]);
  }
  await runMaintenance(world.db, task);
  const rows = await world.sql(`select id from ${table} where business_id = $1`, [businessId]);
  const found = new Set(rows.map(({ id }) => id as string));
  return ids.map((id) => (found.has(id) ? 'stays' : 'goes'));
}

it('keeps what was done for a year', async () => {
  const insert = `insert into audit_events (id, business_id, actor_id, created_at, action, subject_kind, request_id)
                  values ($1, $2, $3, $4, 'business.updated', 'business', 'r')`;
  expect(await left('trim-audit-events', 'audit_events', insert, [0, 364, 366])).toEqual([
    'stays',
    'stays',
    'goes',
  ]);
});

it('keeps a key that has run out for a month, and one that never does', async () => {
  const insert = `insert into api_keys (id, business_id, user_id, expires_at, name, prefix, secret_hash, scopes)
                  values ($1::uuid, $2, $3, $4, 'A key', $1::text, '', '{}')`;
  expect(await left('expire-api-keys', 'api_keys', insert, [-1, 29, 31])).toEqual(['stays', 'stays', 'goes']);
  const forever = insert.replace('$4', 'case when $4::timestamptz is null then now() end');
  expect(await left('expire-api-keys', 'api_keys', forever, [31])).toEqual(['stays']);
});

it('keeps an invitation that has run out or was accepted for a month', async () => {
  const insert = `insert into invitations (id, business_id, invited_by, expires_at, email, role)
                  values ($1::uuid, $2, $3, $4, $1::text, 'viewer')`;
  const ages = [-1, 29, 31];
  expect(await left('expire-invitations', 'invitations', insert, ages)).toEqual(['stays', 'stays', 'goes']);
  const accepted = insert
    .replace('expires_at,', 'accepted_at, expires_at,')
    .replace('$4,', `$4::timestamptz, $4::timestamptz + interval '7 days',`);
  expect(await left('expire-invitations', 'invitations', accepted, [29, 31])).toEqual(['stays', 'goes']);
});
