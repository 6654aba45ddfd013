import { openDatabase, type Database } from '../../../db/database';
import { withSystem } from '../../../db/scope';
import { clearFailures, giveTryBack, takeTry } from '../../../domain/accounts/login-failures';
import { createTestDatabase, query } from '../../support/postgres';

let url: string;
let db: Database;
let drop: () => Promise<void>;
beforeAll(async () => {
  ({ url, drop } = await createTestDatabase());
  db = openDatabase(url, 10);
});
afterAll(async () => {
  await db.close();
  await drop();
});

let count = 0;
const newEmail = () => `Someone-${++count}@example.test`;
const takes = async (email: string, times: number) => {
  const taken = [];
  for (let index = 0; index < times; index++) taken.push(await takeTry(db, email));
  return taken;
};
const allowed = (tries: { allowed: boolean }[]) => tries.map((one) => one.allowed);
/** As if every lock had run out just now. */
const passLocks = () =>
  query(url, `update login_failures set locked_until = now() where locked_until > now()`);

it('allows five, however many come at once, and says which of them locks', async () => {
  const email = newEmail();
  const taken = await Promise.all(Array.from({ length: 50 }, () => takeTry(db, email)));
  expect(taken.filter((one) => one.allowed)).toHaveLength(5);
  expect(taken.filter((one) => one.allowed && one.isLast)).toHaveLength(1);
  const refused = taken.flatMap((one) => (one.allowed ? [] : [one.lockedSeconds]));
  for (const seconds of refused) {
    expect(seconds).toBeGreaterThan(14 * 60);
    expect(seconds).toBeLessThanOrEqual(15 * 60);
  }
});

it('locks for 15 minutes, then twice as long each time, a day at most', async () => {
  const email = newEmail();
  const minutes: number[] = [];
  for (let lock = 0; lock < 9; lock++) {
    expect(allowed(await takes(email, 5))).toEqual([true, true, true, true, true]);
    const [refused] = await takes(email, 1);
    minutes.push(refused && !refused.allowed ? Math.ceil(refused.lockedSeconds / 60) : 0);
    await passLocks();
  }
  expect(minutes).toEqual([15, 30, 60, 120, 240, 480, 960, 1440, 1440]);
});

it('counts an address in whatever case, and each by itself', async () => {
  const email = newEmail();
  await takes(email, 5);
  expect(allowed(await takes(email.toUpperCase(), 1))).toEqual([false]);
  expect(allowed(await takes(newEmail(), 1))).toEqual([true]);
});

it('forgets with the right password, its locks too', async () => {
  const email = newEmail();
  await takes(email, 5);
  await passLocks();
  await takes(email, 4);
  await withSystem(db, (tx) => clearFailures(tx, email));
  await takes(email, 5);
  const [refused] = await takes(email, 1);
  expect(refused).toMatchObject({ allowed: false });
  expect(refused && !refused.allowed && refused.lockedSeconds).toBeLessThanOrEqual(15 * 60);
});

it('gives one back without forgetting what was wrong, and the lock that it set', async () => {
  const email = newEmail();
  const give = () => withSystem(db, (tx) => giveTryBack(tx, email));
  await takes(email, 4);
  for (let again = 0; again < 3; again++) {
    expect(await takes(email, 1)).toEqual([{ allowed: true, isLast: true }]);
    await give();
  }
  expect(await takes(email, 2)).toEqual([
    { allowed: true, isLast: true },
    { allowed: false, lockedSeconds: expect.any(Number) },
  ]);
});

it('forgets an address after two days, with the next that is counted', async () => {
  const [old, next] = [newEmail(), newEmail()];
  await takes(old, 5);
  await query(url, `update login_failures set tried_at = now() - interval '49 hours'`);
  await takes(next, 1);
  expect(allowed(await takes(old, 1))).toEqual([true]);
});
