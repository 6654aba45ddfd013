import { randomUUID } from 'node:crypto';
import { withSystem } from '../../db/scope';
import { openOperatorSession } from '../../domain/accounts/operator-sessions';
import { hashPassword } from '../../domain/accounts/passwords';
import { sign } from '../../server/board/signature';
import { NOWHERE } from '../factories/audit-origin';
import { eventually } from '../support/eventually';
import { query } from '../support/postgres';
import { createTestRedis } from '../support/redis';
import { ask, JWT_SECRET, serve, type Answer, type Served } from './serve';

const PASSWORD = 'correct horse battery';
let passwordHash: string;
beforeAll(async () => {
  passwordHash = await hashPassword(PASSWORD);
});

interface Person {
  operator?: boolean;
  mayAct?: boolean;
  twoFactor?: boolean;
}

async function insertPerson({ databaseUrl }: Served, person: Person): Promise<{ id: string; email: string }> {
  const id = randomUUID();
  const email = `${id}@demo.test`;
  await query(
    databaseUrl,
    `insert into users (id, email, name, password_hash, operator, operator_may_act, two_factor_enabled_at)
     values ('${id}', '${email}', 'O’Per <b>', '${passwordHash}', ${person.operator ?? true},
       ${person.mayAct ?? false}, ${person.twoFactor ? 'now()' : 'null'})`,
  );
  return { id, email };
}

/** What a browser would hold after this answer. */
function cookiesOf(answer: Answer): Record<string, string> {
  return Object.fromEntries(
    answer.headers
      .getSetCookie()
      .map((line) => (line.split(';', 1)[0] ?? '').split('=', 2) as [string, string]),
  );
}
const cookieHeader = (cookies: Record<string, string>): string =>
  Object.entries(cookies)
    .map(([name, value]) => `${name}=${value}`)
    .join('; ');

const openSession = ({ db }: Served, userId: string) =>
  withSystem(db, (tx) => openOperatorSession(tx, userId, NOWHERE));

const SAME_ORIGIN = { 'Sec-Fetch-Site': 'same-origin' };

/** The login form, filled in and sent as a browser does. */
async function logIn(
  { url }: Served,
  fields: Record<string, string>,
  headers: Record<string, string> = SAME_ORIGIN,
): Promise<Answer> {
  const page = await ask(`${url}/admin/queues/login`);
  const token = /name="token" value="([^"]+)"/.exec(page.text)?.[1] ?? '';
  return ask(`${url}/admin/queues/login`, {
    method: 'POST',
    headers: { Cookie: cookieHeader(cookiesOf(page)), ...headers },
    body: new URLSearchParams({ token, ...fields }),
  });
}

interface Browser {
  get(path: string): Promise<Answer>;
  /** A state-changing request as the board's page sends it, but for `headers`. */
  put(path: string, headers?: Record<string, string>): Promise<Answer>;
  cookies: Record<string, string>;
}

async function browserOf(served: Served, email: string): Promise<Browser> {
  const answer = await logIn(served, { email, password: PASSWORD });
  expect(answer.status).toBe(303);
  return withCookies(served, cookiesOf(answer));
}

function withCookies({ url }: Served, cookies: Record<string, string>): Browser {
  const Cookie = cookieHeader(cookies);
  return {
    cookies,
    get: (path) => ask(`${url}/admin/queues${path}`, { headers: { Cookie } }),
    put: (path, headers = {}) =>
      ask(`${url}/admin/queues${path}`, {
        method: 'PUT',
        headers: { Cookie, 'X-XSRF-Token': cookies['XSRF-TOKEN'] ?? '', ...SAME_ORIGIN, ...headers },
      }),
  };
}

interface Queues {
  queues: {
    name: string;
    readOnlyMode: boolean;
    counts: Record<string, number>;
    hasWorkers: boolean | null;
  }[];
}

describe.each(['postgres', 'redis'] as const)('on the %s broker', (kind) => {
  let redis: { url: string; drop(): Promise<void> } | undefined;
  let served: Served;
  beforeAll(async () => {
    redis = kind === 'redis' ? await createTestRedis() : undefined;
    served = await serve({ REDIS_URL: redis?.url });
  });
  afterAll(async () => {
    await served.close();
    await redis?.drop();
  });

  it('shows queues, jobs and workers to an operator, who may only look', async () => {
    await served.jobs.enqueue('maintenance', {
      task: 'trim-history',
      tick: '2026-01-01T00:01',
      requestId: 'r',
    });
    const worker = served.context.broker.worker('widget-refresh', async () => undefined, { concurrency: 1 });
    worker.on('error', () => undefined);
    const browser = await browserOf(served, (await insertPerson(served, {})).email);
    // On Postgres Bull Board can't tell where a worker is connected from, and says "unknown" instead of "none".
    const hasWorkers = kind === 'redis' ? true : null;
    try {
      await eventually('the worker is listed', async () => {
        const { queues } = (await browser.get('/api/queues?activeQueue=maintenance')).json() as Queues;
        expect(queues).toEqual([
          expect.objectContaining({ name: 'widget-refresh', readOnlyMode: true, hasWorkers }),
          expect.objectContaining({ name: 'agent-run', readOnlyMode: true }),
          expect.objectContaining({ name: 'mail', readOnlyMode: true }),
          expect.objectContaining({
            name: 'maintenance',
            readOnlyMode: true,
            counts: expect.objectContaining({ waiting: 1 }),
          }),
        ]);
        return true;
      });
    } finally {
      await worker.close();
    }
    const job = (await browser.get('/api/queues/maintenance/trim-history-2026-01-01T00.01')).text;
    expect(job).toContain('"data":{"task":"trim-history","tick":"2026-01-01T00:01","requestId":"r"}');

    for (const path of [
      '/api/queues/maintenance/pause',
      '/api/queues/pause',
      '/api/queues/maintenance/empty',
    ]) {
      const refused = await browser.put(path);
      expect(refused.status).toBe(403);
      expect(refused.json()).toEqual({
        error: { key: 'ERRORS.QUEUE_READ_ONLY' },
        message: 'Your account may look at the queues, not change them.',
      });
    }
    expect(await served.jobs.queues.maintenance.isPaused()).toBe(false);
  });

  it('lets those act who have the right to, as long as they have it', async () => {
    const { id, email } = await insertPerson(served, { mayAct: true });
    const browser = await browserOf(served, email);
    const { queues } = (await browser.get('/api/queues')).json() as Queues;
    expect(queues.map(({ readOnlyMode }) => readOnlyMode)).toEqual([false, false, false, false]);
    expect((await browser.put('/api/queues/maintenance/pause')).status).toBe(200);
    expect(await served.jobs.queues.maintenance.isPaused()).toBe(true);

    await query(served.databaseUrl, `update users set operator_may_act = false where id = '${id}'`);
    expect((await browser.put('/api/queues/maintenance/resume')).status).toBe(403);
    expect(await served.jobs.queues.maintenance.isPaused()).toBe(true);
    await query(served.databaseUrl, `update users set operator_may_act = true where id = '${id}'`);
    expect((await browser.put('/api/queues/maintenance/resume')).status).toBe(200);
    expect(await served.jobs.queues.maintenance.isPaused()).toBe(false);
    const log = await query(
      served.databaseUrl,
      `select action, subject_id as queue, after->>'path' as path, business_id as "businessId" from audit_events
        where actor_id = '${id}' and actor_email = '${email}' and subject_kind = 'queue' order by created_at, id`,
    );
    const told = (action: string, verb: string) => ({
      action,
      queue: 'maintenance',
      path: `/admin/queues/api/queues/maintenance/${verb}`,
      businessId: null,
    });
    expect(log).toEqual([
      told('queue.changed', 'pause'),
      told('access.denied', 'resume'),
      told('queue.changed', 'resume'),
    ]);
  });
});

describe('the board', () => {
  let served: Served;
  beforeEach(async () => {
    served = await serve({ CORS_ORIGINS: 'https://dashboards.example' });
  });
  afterEach(() => served.close());

  it('sends strangers to the login and gives them nothing else', async () => {
    for (const path of ['', '/', '/queue/maintenance', '/session', '/job-schedulers']) {
      const answer = await ask(`${served.url}/admin/queues${path}`);
      expect([answer.status, answer.headers.get('location')]).toEqual([302, '/admin/queues/login']);
    }
    for (const path of ['/api/queues', '/api/redis/stats', '/static/favicon.ico']) {
      expect((await ask(`${served.url}/admin/queues${path}`)).status).toBe(401);
    }
    for (const method of ['PUT', 'POST', 'PATCH', 'DELETE', 'OPTIONS']) {
      const answer = await ask(`${served.url}/admin/queues/api/queues/pause`, {
        method,
        headers: SAME_ORIGIN,
      });
      expect(answer.status).toBe(401);
    }
  });

  it('takes a cookie that we signed, with any of our secrets, for a session that lives', async () => {
    const { id } = await insertPerson(served, {});
    const session = (await openSession(served, id)) ?? '';
    const status = async (cookie: string) =>
      (await withCookies(served, { liveboard_operator: cookie }).get('/api/queues')).status;
    const cookie = `${session}.${sign('operator session', session, [JWT_SECRET])}`;
    expect(await status(cookie)).toBe(200);
    expect(await status(`${session}.${sign('operator session', session, ['another secret'])}`)).toBe(401);
    expect(await status(`${session}.${sign('operator request', session, [JWT_SECRET])}`)).toBe(401);
    expect(await status(session)).toBe(401);
    const never = randomUUID();
    expect(await status(`${never}.${sign('operator session', never, [JWT_SECRET])}`)).toBe(401);

    const rotated = await serve({ JWT_SECRET: `the new secret,${JWT_SECRET}` });
    const person = await insertPerson(rotated, {});
    const other = (await openSession(rotated, person.id)) ?? '';
    const old = `${other}.${sign('operator session', other, [JWT_SECRET])}`;
    expect((await withCookies(rotated, { liveboard_operator: old }).get('/api/queues')).status).toBe(200);
    await rotated.close();

    const change = (sql: string) => query(served.databaseUrl, sql);
    await change(`update users set operator = false where id = '${id}'`);
    expect(await status(cookie)).toBe(401);
    await change(`update users set operator = true where id = '${id}'`);
    expect(await status(cookie)).toBe(200);
    await change(`update operator_sessions set expires_at = now() where id = '${session}'`);
    expect(await status(cookie)).toBe(401);
  });

  it('gives one answer to a wrong password, an unknown address and a person who is no operator', async () => {
    const operator = await insertPerson(served, {});
    const member = await insertPerson(served, { operator: false });
    const guarded = await insertPerson(served, { operator: false, twoFactor: true });
    const tries = [
      { email: guarded.email, password: PASSWORD },
      { email: operator.email, password: 'wrong' },
      { email: 'nobody@demo.test', password: PASSWORD },
      { email: member.email, password: PASSWORD },
      {},
    ];
    for (const fields of tries) {
      const answer = await logIn(served, fields as Record<string, string>);
      expect(answer.status).toBe(401);
      expect(answer.text).toContain('The address or the password is wrong, or it is not an operator’s.');
      expect(answer.text).toContain('<form method="post" action="/admin/queues/login">');
      expect(cookiesOf(answer)).not.toHaveProperty('liveboard_operator');
    }
    const echoed = await logIn(served, { email: '"><script>alert(1)</script>', password: 'x' });
    expect(echoed.text).not.toContain('<script>');
  });

  it('takes a login only from its own form in the same browser', async () => {
    const { email } = await insertPerson(served, {});
    const right = { email, password: PASSWORD };
    const origin = new URL(served.url).origin;
    const foreign: Record<string, string>[] = [
      { 'Sec-Fetch-Site': 'cross-site' },
      { 'Sec-Fetch-Site': 'same-site', Origin: origin },
      { Origin: 'https://evil.example' },
      { Origin: 'null' },
      {},
    ];
    for (const headers of foreign) expect((await logIn(served, right, headers)).status).toBe(403);
    expect((await logIn(served, { ...right, token: 'guessed' })).status).toBe(403);
    const withOther = await logIn(served, right, {
      ...SAME_ORIGIN,
      Cookie: 'liveboard_operator_form=' + 'a'.repeat(32),
    });
    expect(withOther.status).toBe(403);
    expect((await logIn(served, right, { Origin: origin })).status).toBe(303);
  });

  it('limits tries to ten in a minute', async () => {
    const { email } = await insertPerson(served, {});
    for (let count = 0; count < 10; count++) {
      const tried = await logIn(served, { email: `${count}-${email}`, password: 'wrong' });
      expect(tried.status).toBe(401);
    }
    const answer = await logIn(served, { email, password: PASSWORD });
    expect(answer.status).toBe(429);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(50);
    expect(answer.text).toContain('Too many tries.');
  });

  it('takes acts only from its own page, with the token of the session', async () => {
    const { email } = await insertPerson(served, { mayAct: true });
    const browser = await browserOf(served, email);
    const other = await browserOf(served, email);
    const foreign: Record<string, string>[] = [
      { 'Sec-Fetch-Site': 'cross-site' },
      { 'Sec-Fetch-Site': 'same-site' },
      { 'Sec-Fetch-Site': '', Origin: 'https://dashboards.example' },
      { 'Sec-Fetch-Site': '' },
      { 'X-XSRF-Token': '' },
      { 'X-XSRF-Token': other.cookies['XSRF-TOKEN'] ?? '' },
    ];
    for (const headers of foreign) {
      const refused = await browser.put('/api/queues/maintenance/pause', headers);
      expect(refused.status).toBe(403);
      expect(refused.json()).toMatchObject({ error: { key: 'ERRORS.FORBIDDEN' } });
    }
    expect(await served.jobs.queues.maintenance.isPaused()).toBe(false);
  });

  it('ends the session at the logout, wherever else its cookie went', async () => {
    const browser = await browserOf(served, (await insertPerson(served, {})).email);
    const page = (await browser.get('/session')).text;
    expect(page).toContain('O’Per &lt;b&gt;');
    const token = /name="token" value="([^"]+)"/.exec(page)?.[1] ?? '';
    const logOut = (body: Record<string, string>, headers: Record<string, string>) =>
      ask(`${served.url}/admin/queues/logout`, {
        method: 'POST',
        headers: { Cookie: cookieHeader(browser.cookies), ...headers },
        body: new URLSearchParams(body),
      });
    expect((await logOut({}, SAME_ORIGIN)).status).toBe(403);
    expect((await logOut({ token }, { 'Sec-Fetch-Site': 'cross-site' })).status).toBe(403);
    expect((await browser.get('/api/queues')).status).toBe(200);
    const answer = await logOut({ token }, SAME_ORIGIN);
    expect(answer.status).toBe(303);
    expect(answer.headers.getSetCookie()).toContainEqual(
      expect.stringMatching(/^liveboard_operator=; .*Max-Age=0/),
    );
    expect((await browser.get('/api/queues')).status).toBe(401);
  });

  it('lets no script, style or font in but its own, and no other origin read it', async () => {
    const browser = await browserOf(served, (await insertPerson(served, {})).email);
    const page = await ask(`${served.url}/admin/queues`, {
      headers: { Cookie: cookieHeader(browser.cookies), Origin: 'https://dashboards.example' },
    });
    expect(page.status).toBe(200);
    expect(page.headers.get('access-control-allow-origin')).toBeNull();
    expect(page.headers.get('cache-control')).toBe('no-store');
    const policy = page.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain('unsafe');
    expect(page.text).not.toMatch(/style=|<style|https:\/\//);
    const scripts = [...page.text.matchAll(/<script[^>]*>/g)].map(([tag]) => tag);
    expect(scripts.length).toBeGreaterThan(2);
    for (const tag of scripts) expect(tag).toMatch(/src="static\/|type="application\/json"/);
    const asset = /src="(static\/[^"]+)"/.exec(page.text)?.[1] ?? '';
    expect((await browser.get(`/${asset}`)).status).toBe(200);
  });

  it('is one route in the metrics', async () => {
    const browser = await browserOf(served, (await insertPerson(served, {})).email);
    await browser.get('/api/queues/maintenance/some-job');
    const page = (await ask(`${served.url}/metrics`)).text;
    expect(page).toContain('route="/admin/queues",status="404"} 1');
    expect(page).not.toContain('queueName');
  });

  it('keeps its sessions from the tenants’ role', async () => {
    for (const sql of ['select * from operator_sessions', 'select operator_may_act from users']) {
      await expect(query(served.databaseUrl, 'set role liveboard_app', sql)).rejects.toThrow(
        'permission denied',
      );
    }
  });
});

it.each([
  [
    'https://boards.example',
    /^__Host-liveboard_operator=[^;]+; Path=\/; Max-Age=43200; SameSite=Strict; HttpOnly; Secure$/,
  ],
  [
    'http://localhost:3000',
    /^liveboard_operator=[^;]+; Path=\/admin\/queues; Max-Age=43200; SameSite=Strict; HttpOnly$/,
  ],
])('confines its cookie behind %s', async (publicUrl, expected) => {
  const served = await serve({ PUBLIC_URL: publicUrl });
  const { email } = await insertPerson(served, {});
  const answer = await logIn(served, { email, password: PASSWORD }, { Origin: publicUrl });
  expect(answer.headers.getSetCookie()).toContainEqual(expect.stringMatching(expected));
  const other = await logIn(served, { email, password: PASSWORD }, { Origin: served.url });
  expect(other.status).toBe(403);
  const browser = withCookies(served, cookiesOf(answer));
  expect((await browser.get('/api/queues')).status).toBe(200);
  await served.close();
});
