import { networkInterfaces } from 'node:os';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Script } from 'node:vm';
import pino from 'pino';
import { withSystem } from '../../db/scope';
import { queueMail } from '../../domain/mail/queue-mail';
import { newId } from '../../lib/ids';
import { createShutdown } from '../../lib/shutdown';
import { createApp } from '../../server/app';
import { startWorkers } from '../../workers/app';
import { eventually } from '../support/eventually';
import { query } from '../support/postgres';
import { call } from './http/api';
import { ask, serve, type Served } from './serve';

const ACCOUNT_PAGES = ['/account/verify-email', '/account/reset-password', '/account/accept-invitation'];
const MAILBOX = '/dev/mailbox';

let served: Served;
beforeAll(async () => {
  served = await serve({ DEV_MAILBOX: 'true' });
});
afterAll(() => served.close());

describe('the pages that mailed links lead to', () => {
  it.each(ACCOUNT_PAGES)('%s runs under a policy that allows nothing but its own files', async (path) => {
    const { status, headers, text } = await ask(`${served.url}${path}`);
    expect([status, headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe|https?:/);
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(text).not.toMatch(/<style| style=| on\w+=|<script>/);
    expect(text).not.toMatch(/(?:src|href|action)="https?:/);
    for (const [, file = ''] of text.matchAll(/(?:src|href)="(account\.\w+)"/g)) {
      expect((await ask(`${served.url}/account/${file}`)).status).toBe(200);
    }
  });

  it('send their forms to routes that there are', async () => {
    for (const path of ACCOUNT_PAGES) {
      const { text } = await ask(`${served.url}${path}`);
      const targets = [...text.matchAll(/data-to="([^"]+)"/g)].map(([, to]) => to);
      expect(targets.length).toBeGreaterThan(0);
      for (const to of targets) {
        const answer = await call(served.port, { method: 'post', path: `/api/v1/${to}`, json: {} });
        // To verify without a token is a mistake, and to ask for a link without an address a stranger's.
        expect([to, [400, 401].includes(answer.status)]).toEqual([to, true]);
      }
    }
  });

  it('have one script, which is one', async () => {
    const { headers, text } = await ask(`${served.url}/account/account.js`);
    expect(headers.get('content-type')).toContain('javascript');
    expect(() => new Script(text)).not.toThrow();
  });
});

describe('the mailbox of this machine', () => {
  const local = { method: 'get', path: MAILBOX };
  const statusOf = async (headers: Record<string, string>) =>
    (await call(served.port, { ...local, headers })).status;

  it('shows mails that were kept, with links that work and are stored nowhere', async () => {
    const shutdown = createShutdown(pino({ level: 'silent' }));
    await startWorkers({ ...served.context, shutdown });
    try {
      const id = newId();
      await query(
        served.databaseUrl,
        `insert into users (id, email, name, password_hash) values ('${id}', 'ada@example.test', '<b>Ada</b>', 'x')`,
      );
      const { mailId } = await withSystem(served.db, (tx) =>
        queueMail(tx, {
          template: 'verify_email',
          recipient: 'ada@example.test',
          userId: id,
          businessId: null,
          subjectId: null,
        }),
      );
      await served.jobs.enqueue('mail', { mailId, requestId: 'test' });
      await eventually('the mail is kept', async () => {
        const [row] = await query(served.databaseUrl, `select status from mails where id = '${mailId}'`);
        return row?.status === 'kept';
      });
    } finally {
      await shutdown.run('the test is done');
    }
    const { status, headers, text } = await ask(`${served.url}${MAILBOX}`);
    expect(status).toBe(200);
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(text).toContain('Hello &lt;b&gt;Ada&lt;/b&gt;,');
    const [, token] =
      /href="http:\/\/localhost:3000\/account\/verify-email#token=([\w.-]+)"/.exec(text) ?? [];
    const [{ rows } = { rows: '' }] = (await query(
      served.databaseUrl,
      `select query_to_xml('select * from mails, link_tokens', true, false, '')::text as rows`,
    )) as { rows: string }[];
    expect(rows).not.toContain(token?.split('.')[1]);
    const verified = await call(served.port, {
      method: 'post',
      path: '/api/v1/auth/verify-email',
      json: { token },
    });
    expect(verified.body.data).toEqual({ email: 'ada@example.test' });
  });

  it('is there for this machine, asked for by its own name', async () => {
    for (const host of ['localhost', `localhost:${served.port}`, '127.0.0.1:3000', '[::1]:3000']) {
      expect([host, await statusOf({ Host: host })]).toEqual([host, 200]);
    }
    for (const host of ['evil.example', 'localhost.evil.example', '127.0.0.1.nip.io', 'evil.example:3000']) {
      expect([host, await statusOf({ Host: host })]).toEqual([host, 404]);
    }
    expect(await statusOf({ 'X-Forwarded-For': '203.0.113.7' })).toBe(404);
    expect(await statusOf({ Forwarded: 'for=203.0.113.7' })).toBe(404);
  });

  it('is not there for another machine', async () => {
    const address = Object.values(networkInterfaces())
      .flatMap((one) => one ?? [])
      .find(({ internal, family }) => !internal && family === 'IPv4')?.address;
    if (!address) throw new Error('This test needs a network interface beside the loopback.');
    const handle = createApp(served.context, served.operations).callback();
    const server = createServer((request, response) => void handle(request, response));
    await new Promise<void>((resolve) => server.listen(0, address, resolve));
    try {
      const { port } = server.address() as AddressInfo;
      const headers = { Host: 'localhost', Connection: 'close' };
      const answer = await call(port, { ...local, host: address, headers });
      expect(answer.status).toBe(404);
    } finally {
      server.close();
    }
  });

  it.each([
    { DEV_MAILBOX: 'false' },
    { DEV_MAILBOX: 'true', SMTP_URL: 'smtp://127.0.0.1:1', MAIL_FROM: 'a@b.test' },
  ])('is not there with %j', async (environment) => {
    const other = await serve(environment);
    try {
      expect((await ask(`${other.url}${MAILBOX}`)).status).toBe(404);
    } finally {
      await other.close();
    }
  });
});
