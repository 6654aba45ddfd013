import { Writable } from 'node:stream';
import pino from 'pino';
import { withSystem } from '../../../db/scope';
import { queueMail, type NewMail } from '../../../domain/mail/queue-mail';
import { newId } from '../../../lib/ids';
import { createShutdown } from '../../../lib/shutdown';
import { startWorkers } from '../../../workers/app';
import { serve, type Served } from '../../server/serve';
import { NO_LIMITS } from '../../support/no-limits';
import { query } from '../../support/postgres';
import { createTestRedis } from '../../support/redis';
import { startSmtp, type TestSmtp } from '../../support/smtp';

export const PUBLIC_URL = 'https://boards.example.test/app';

/** Server and worker with a mail server, all real. */
export interface MailWorld {
  served: Served;
  smtp: TestSmtp;
  /** Everything that server and worker logged, as text. */
  log(): string;
  sql(text: string): Promise<Record<string, unknown>[]>;
  addUser(overrides?: { verified?: boolean }): Promise<{ id: string; email: string }>;
  /** Queues a mail and hands it over. */
  mail(overrides: Partial<NewMail> & Pick<NewMail, 'recipient'>): Promise<string>;
  row(mailId: string): Promise<MailRow>;
  close(): Promise<void>;
}

export interface MailRow {
  status: string;
  attempts: number;
  last_error: string | null;
  sent_at: Date | null;
}

export async function createMailWorld(
  kind: 'postgres' | 'redis',
  environment: NodeJS.ProcessEnv = {},
): Promise<MailWorld> {
  const [smtp, redis] = await Promise.all([startSmtp(), kind === 'redis' ? createTestRedis() : undefined]);
  const lines: string[] = [];
  const logger = pino(
    { level: 'debug' },
    new Writable({
      write(chunk: Buffer, _encoding, done) {
        lines.push(chunk.toString());
        done();
      },
    }),
  );
  const sending = { SMTP_URL: smtp.url, MAIL_FROM: 'Liveboard <no-reply@boards.example.test>' };
  const served = await serve(
    { REDIS_URL: redis?.url, PUBLIC_URL, ...sending, ...environment },
    { rateLimits: NO_LIMITS },
    logger,
  );
  const shutdown = createShutdown(pino({ level: 'silent' }));
  await startWorkers({ ...served.context, shutdown });
  const sql = (text: string) => query(served.databaseUrl, text);
  return {
    served,
    smtp,
    log: () => lines.join(''),
    sql,
    async addUser({ verified = false } = {}) {
      const id = newId();
      const email = `${id}@example.test`;
      await sql(`insert into users (id, email, name, password_hash, email_verified_at)
                 values ('${id}', '${email}', 'Ada <b>', 'no password opens this', ${verified ? 'now()' : 'null'})`);
      return { id, email };
    },
    async mail(overrides) {
      const mail: NewMail = {
        template: 'password_changed',
        userId: null,
        businessId: null,
        subjectId: null,
        ...overrides,
      };
      const { mailId } = await withSystem(served.db, (tx) => queueMail(tx, mail));
      await served.jobs.enqueue('mail', { mailId, requestId: 'test' });
      return mailId;
    },
    async row(mailId) {
      const [row] = await sql(
        `select status, attempts, last_error, sent_at from mails where id = '${mailId}'`,
      );
      return row as unknown as MailRow;
    },
    async close() {
      await shutdown.run('the tests are done');
      await served.close();
      await smtp.close();
      await redis?.drop();
    },
  };
}
