import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { eventually } from '../support/eventually';
import { createTestDatabase } from '../support/postgres';

it('a member added while their removal commits is newer than the removal', async () => {
  const database = await createTestDatabase();
  const [remover, adder] = [new Client(database.url), new Client(database.url)];
  await Promise.all([remover.connect(), adder.connect()]);
  const [business, user] = [randomUUID(), randomUUID()];
  await remover.query(`insert into businesses (id, name) values ($1, 'B')`, [business]);
  await remover.query(`insert into users (id, email, name, password_hash) values ($1, 'a@b.test', 'A', '')`, [
    user,
  ]);
  const ADD = `insert into memberships (id, business_id, user_id, role) values ($1, $2, $3, 'viewer') returning version`;
  await remover.query(ADD, [randomUUID(), business, user]);
  await remover.query('begin');
  await remover.query('delete from memberships where user_id = $1', [user]);
  const added = adder.query<{ version: string }>(ADD, [randomUUID(), business, user]);
  await eventually('the addition waits', async () => {
    const { rowCount } = await remover.query('select from pg_locks where not granted');
    return rowCount || undefined;
  });
  await remover.query('commit');
  const { rows } = await remover.query<{ version: string }>(
    'select version from tombstones where row_id = $1',
    [user],
  );
  expect(Number((await added).rows[0]?.version)).toBeGreaterThan(Number(rows[0]?.version));
  await Promise.all([remover.end(), adder.end()]);
  await database.drop();
});
