import { openDatabase, type Database } from '../../../db/database';
import { tenantStatement, withSystem, withTenant, withTenantModels } from '../../../db/scope';
import { claimMail, type ClaimedMail } from '../../../domain/mail/claim';
import { endMail, failMail, renewMail } from '../../../domain/mail/end';
import { retryMs } from '../../../domain/mail/limits';
import { queueMail, type NewMail } from '../../../domain/mail/queue-mail';
import { runMaintenance } from '../../../domain/maintenance';
import { dueMails } from '../../../domain/mail/recover';
import { createTenant, type Tenant } from '../../factories/tenant';
import { createTestDatabase, query } from '../../support/postgres';

/** A mail's row, from the transaction that queued it to its end. */
let database: { url: string; drop(): Promise<void> };
let db: Database;
let tenant: Tenant;
beforeAll(async () => {
  database = await createTestDatabase();
  db = openDatabase(database.url, 4);
  tenant = await createTenant({ db, secrets: ['a secret'] });
});
afterAll(async () => {
  await db.close();
  await database.drop();
});

const newMail = (overrides: Partial<NewMail> = {}): NewMail => ({
  template: 'password_changed',
  recipient: 'ada@example.test',
  userId: null,
  businessId: null,
  subjectId: null,
  ...overrides,
});
const add = async () => (await withSystem(db, (tx) => queueMail(tx, newMail()))).mailId;
const sql = (text: string) => query(database.url, text);
const rowOf = async (id: string) =>
  (await sql(`select status, attempts, last_error, due_at <= now() as due from mails where id = '${id}'`))[0];
const fallDue = (id: string) =>
  sql(`update mails set due_at = now(), enqueued_at = now() - interval '1 minute' where id = '${id}'`);
async function claim(id: string): Promise<ClaimedMail> {
  const claimed = await claimMail(db, id);
  if (claimed.kind !== 'mail') throw new Error(`The mail was not claimed: ${claimed.kind}.`);
  return claimed.mail;
}

describe('queueing a mail', () => {
  it('is part of the transaction that it tells of', async () => {
    const { businessId } = tenant;
    const invitation = newMail({ template: 'invitation', businessId });
    const made: string[] = [];
    const queued = async (...args: Parameters<typeof queueMail>) => {
      made.push((await queueMail(...args)).mailId);
    };
    await withTenant(db, businessId, (tx) => queued(tx, invitation));
    await withTenantModels(db, businessId, (trx) => queued(trx, invitation));
    const failing = withTenant(db, businessId, async (tx) => {
      await queued(tx, invitation);
      throw new Error('the change failed');
    });
    await expect(failing).rejects.toThrow('the change failed');
    const rows = await sql(`select id::text from mails where business_id = '${businessId}' order by id`);
    expect(rows.map(({ id }) => id)).toEqual(made.slice(0, 2).sort());
  });

  it('is all that a business may do with mails, and for itself alone', async () => {
    const other = await createTenant({ db, secrets: ['a secret'] });
    for (const businessId of [other.businessId, null]) {
      const queueing = withTenant(db, tenant.businessId, (tx) => queueMail(tx, newMail({ businessId })));
      await expect(queueing).rejects.toThrow('row-level security');
    }
    for (const text of ['select id from mails', 'delete from mails', 'select id from link_tokens']) {
      const reading = tenantStatement(db, tenant.businessId, { name: text, text }, []);
      await expect(reading).rejects.toThrow('permission denied');
    }
  });
});

describe('a mail', () => {
  it('is claimed by one of many, until its lease runs out', async () => {
    const id = await add();
    const claims = await Promise.all(Array.from({ length: 4 }, () => claimMail(db, id)));
    expect(claims.map(({ kind }) => kind).sort()).toEqual(['mail', 'none', 'none', 'none']);
    await fallDue(id);
    expect((await claim(id)).attempts).toBe(2);
  });

  it('is not lost to a slower twin’s failure, and sent when that one was heard', async () => {
    const id = await add();
    const slow = await claim(id);
    await fallDue(id);
    const quick = await claim(id);
    expect([await renewMail(db, slow), await renewMail(db, quick)]).toEqual([false, true]);
    await failMail(db, slow, { reason: 'too slow', isPermanent: true });
    expect(await rowOf(id)).toEqual({ status: 'queued', attempts: 2, last_error: null, due: false });
    await failMail(db, quick, { reason: 'refused', isPermanent: true });
    expect(await rowOf(id)).toMatchObject({ status: 'failed', last_error: 'refused' });
    await endMail(db, slow.id, 'sent');
    expect(await rowOf(id)).toMatchObject({ status: 'sent', last_error: null });
    await fallDue(id);
    expect([(await claimMail(db, id)).kind, await dueMails(db)]).toEqual(['none', []]);
  });

  it('waits longer with each failure, and is given up with the tenth', async () => {
    expect([1, 2, 3, 4].map(retryMs)).toEqual([5_000, 15_000, 45_000, 135_000]);
    expect(retryMs(10)).toBe(3_600_000);
    const id = await add();
    for (let attempt = 1; attempt <= 10; attempt += 1) {
      await fallDue(id);
      const isGivenUp = await failMail(db, await claim(id), { reason: 'busy', isPermanent: false });
      expect(isGivenUp).toBe(attempt === 10);
    }
    expect(await rowOf(id)).toMatchObject({ status: 'failed', attempts: 10, last_error: 'busy' });
  });

  it('is handed out again by one of many sweeps, and less and less often', async () => {
    await sql('delete from mails');
    const id = await add();
    expect(await dueMails(db)).toEqual([]);
    await fallDue(id);
    const swept = (await Promise.all([dueMails(db), dueMails(db), dueMails(db)])).flat();
    expect(swept).toEqual([{ mailId: id, delivery: 1 }]);
    await sql(`update mails set enqueued_at = now() - interval '9 s'`);
    expect(await dueMails(db)).toEqual([]);
    await sql(`update mails set enqueued_at = now() - interval '11 s'`);
    expect(await dueMails(db)).toEqual([{ mailId: id, delivery: 2 }]);
    await claim(id);
    await sql(`update mails set enqueued_at = now() - interval '1 hour'`);
    expect(await dueMails(db)).toEqual([]);
  });

  it('is forgotten after thirty days, as is its link', async () => {
    await sql('delete from mails');
    const [old, young] = [await add(), await add()];
    const { userId } = tenant.member;
    await sql(`insert into link_tokens (id, purpose, user_id, email, expires_at, created_at) values
      (gen_random_uuid(), 'verify_email', '${userId}', 'ada@example.test', now(), now() - interval '31 days'),
      (gen_random_uuid(), 'reset_password', '${userId}', 'ada@example.test', now(), now() - interval '29 days')`);
    await sql(`update mails set created_at = now() - interval '31 days' where id = '${old}'`);
    await sql(`update mails set created_at = now() - interval '29 days' where id = '${young}'`);
    expect(await runMaintenance(db, 'expire-mails')).toBe(1);
    expect(await runMaintenance(db, 'expire-link-tokens')).toBe(1);
    expect(await sql('select id::text from mails')).toEqual([{ id: young }]);
    expect(await sql('select purpose from link_tokens')).toEqual([{ purpose: 'reset_password' }]);
  });
});
