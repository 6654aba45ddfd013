import { Redis } from 'ioredis';
import { createTestDatabase, query } from './postgres';
import { createTestRedis } from './redis';
it('gives each file a database and a Redis of its own', async () => {
  const a = await createTestDatabase();
  const b = await createTestDatabase();
  await query(a.url, 'CREATE TABLE t (x int)');
  await expect(query(b.url, 'SELECT * FROM t')).rejects.toThrow('does not exist');
  await a.drop();
  await b.drop();
  const r = await createTestRedis();
  const client = new Redis(r.url);
  await client.set('a', '1');
  await client.quit();
  await r.drop();
});
