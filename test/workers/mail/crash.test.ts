import { rmSync } from 'node:fs';
import { openDatabase, type Database } from '../../../db/database';
import { withSystem } from '../../../db/scope';
import { queueMail } from '../../../domain/mail/queue-mail';
import { spawnApp, type App } from '../../support/app';
import { eventually } from '../../support/eventually';
import { createTestDatabase, query } from '../../support/postgres';
import { startRedis, type TestRedis } from '../../support/redis';
import { startSmtp, type TestSmtp } from '../../support/smtp';
import { temporaryDirectory } from '../../support/temporary';

jest.setTimeout(150_000);

const SECRET = 'a secret of the tests only and long enough';

describe.each(['redis', 'postgres'] as const)('a worker that is killed, on the %s broker', (broker) => {
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  let db: Database;
  let redis: TestRedis | undefined;
  let smtp: TestSmtp;
  const directory = temporaryDirectory();
  const apps: App[] = [];
  beforeAll(async () => {
    [database, smtp] = await Promise.all([createTestDatabase(), startSmtp()]);
    redis = broker === 'redis' ? await startRedis() : undefined;
    db = openDatabase(database.url, 1);
  });
  afterAll(async () => {
    await Promise.all(apps.map((app) => app.kill('SIGKILL')));
    await db.close();
    await smtp.close();
    await redis?.stop();
    await database.drop();
    rmSync(directory, { recursive: true, force: true });
  });

  async function startWorker(): Promise<App> {
    const app = spawnApp(broker === 'redis' ? 'worker' : 'start', {
      DATABASE_URL: database.url,
      JWT_SECRET: SECRET,
      ENCRYPTION_KEYS: SECRET,
      PUBLIC_URL: 'https://boards.example.test',
      SMTP_URL: smtp.url,
      MAIL_FROM: 'no-reply@boards.example.test',
      HOST: '127.0.0.1',
      PORT: '0',
      DATA_DIR: directory,
      ...(redis && { REDIS_URL: redis.url }),
    });
    apps.push(app);
    await app.waitForLine(broker === 'redis' ? /worker ready/ : /"msg":"ready"/);
    return app;
  }
  const add = (recipient: string) =>
    withSystem(db, (tx) =>
      queueMail(tx, {
        template: 'password_changed',
        recipient,
        userId: null,
        businessId: null,
        subjectId: null,
      }),
    );
  const rowOf = async (mailId: string) =>
    (await query(database.url, `select status, attempts from mails where id = '${mailId}'`))[0];

  it('while the server reads the mail, loses nothing: the next one sends it', async () => {
    const doomed = await startWorker();
    smtp.next('hang');
    const { mailId } = await add('held@example.test');
    await eventually('the mail is in the server’s hand', () => smtp.hanging() === 1);
    await doomed.kill('SIGKILL');
    expect(await rowOf(mailId)).toEqual({ status: 'queued', attempts: 1 });
    await startWorker();
    const mail = await smtp.mailTo('held@example.test');
    expect(mail.messageId).toBe(`<${mailId}@boards.example.test>`);
    await eventually('it is marked sent', async () => (await rowOf(mailId))?.status === 'sent');
    expect(await rowOf(mailId)).toEqual({ status: 'sent', attempts: 2 });
  });

  it('that is told to stop hands its mail back at once', async () => {
    smtp.next('hang');
    const { mailId } = await add('stopped@example.test');
    await eventually('the mail is in the server’s hand', () => smtp.hanging() === 1);
    const [worker] = apps.slice(-1) as [App];
    expect(await worker.kill('SIGTERM')).toEqual({ code: 0, signal: null });
    const [row] = await query(
      database.url,
      `select status, last_error, due_at <= now() as due from mails where id = '${mailId}'`,
    );
    expect(row).toEqual({ status: 'queued', last_error: 'The worker stopped.', due: true });
    await startWorker();
    await smtp.mailTo('stopped@example.test');
  });
});
