import { agentBody, dashboardBody, httpConnectionBody, themeBody, widgetBody } from '../../factories/bodies';
import { createPerson, createTenant, type Person, type Tenant } from '../../factories/tenant';
import { query } from '../../support/postgres';
import { apiOf, detailPaths, type ApiAnswer } from '../http/api';
import { expectRefusal } from '../http/expect-refusal';
import { JWT_SECRET, serve, type Served } from '../serve';

let served: Served;
let tenant: Tenant;
let other: Tenant;
let colleague: Person;
beforeAll(async () => {
  served = await serve({ ENCRYPTION_KEYS: 'a key of the tests' });
  const making = { db: served.db, secrets: [JWT_SECRET] };
  [tenant, other] = await Promise.all([createTenant(making), createTenant(making)]);
  colleague = await createPerson(making, tenant.businessId, 'manager');
});
afterAll(() => served.close());

let lastKey = 0;
const newKey = () => `key-${(lastKey += 1)}`;
const post = (person: Person, path: string, body: object, key: string) =>
  apiOf(served.port, person.token).post(path, body, { 'Idempotency-Key': key });
const count = async (table: string, name: string) => {
  const [row] = await query(
    served.databaseUrl,
    `select count(*)::int as n from ${table} where name = '${name}'`,
  );
  return row?.n;
};
const idOf = (answer: ApiAnswer) => (answer.body.data as { id: string }).id;

const CREATING = [
  ['/widgets', 'widgets', widgetBody],
  ['/connections', 'connections', httpConnectionBody],
  ['/dashboards', 'dashboards', dashboardBody],
  ['/agents', 'agents', agentBody],
  ['/themes', 'themes', themeBody],
] as const;

describe.each(CREATING)('POST %s under an Idempotency-Key', (path, table, bodyOf) => {
  it('is done once and answered the same', async () => {
    const [key, body] = [newKey(), bodyOf()];
    const first = await post(tenant.manager, path, body, key);
    expect([first.status, first.headers['idempotency-replayed']]).toEqual([201, undefined]);
    expect(first.headers.location).toBe(`/api/v1${path}/${idOf(first)}`);
    // Another order of fields is the same body.
    const turned = Object.fromEntries(Object.entries(body).toReversed());
    for (const again of [body, turned]) {
      const replay = await post(tenant.manager, path, again, key);
      expect(replay.headers['idempotency-replayed']).toBe('true');
      expect([replay.status, replay.headers.location, replay.body]).toEqual([
        201,
        first.headers.location,
        first.body,
      ]);
    }
    expect(await count(table, body.name)).toBe(1);
  });

  it('refuses another body under the same key', async () => {
    const key = newKey();
    await post(tenant.manager, path, bodyOf(), key);
    const body = bodyOf();
    const answer = await post(tenant.manager, path, body, key);
    expectRefusal('another body', answer, [422]);
    expect(detailPaths(answer)).toEqual(['Idempotency-Key']);
    expect(await count(table, body.name)).toBe(0);
  });

  it('is done once by fifty who ask at once', async () => {
    const [key, body] = [newKey(), bodyOf()];
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => post(tenant.manager, path, body, key)),
    );
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 201));
    expect(new Set(answers.map(idOf)).size).toBe(1);
    expect(answers.filter(({ headers }) => headers['idempotency-replayed']).length).toBe(49);
    expect(await count(table, body.name)).toBe(1);
  });

  it('belongs to one person, in one business, on one route', async () => {
    const key = newKey();
    const answers = [];
    for (const person of [tenant.manager, colleague, other.manager]) {
      answers.push(await post(person, path, bodyOf(), key));
    }
    answers.push(
      await post(
        tenant.manager,
        path === '/widgets' ? '/dashboards' : '/widgets',
        path === '/widgets' ? dashboardBody() : widgetBody(),
        key,
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201, 201]);
    expect(new Set(answers.map(idOf)).size).toBe(4);
  });

  it('keeps nothing of what was refused: the key can be used for it again', async () => {
    const [key, body] = [newKey(), bodyOf()];
    expectRefusal('a wrong body', await post(tenant.manager, path, { ...body, name: '' }, key), [400]);
    expect((await post(tenant.manager, path, body, key)).status).toBe(201);
  });
});

it('keeps nothing of what failed in the middle', async () => {
  const body = httpConnectionBody();
  await post(tenant.manager, '/connections', body, newKey());
  const key = newKey();
  expectRefusal('a taken name', await post(tenant.manager, '/connections', body, key), [409]);
  const free = httpConnectionBody();
  expect((await post(tenant.manager, '/connections', free, key)).status).toBe(201);
});

it('makes a thing each time without one', async () => {
  const body = widgetBody();
  const api = apiOf(served.port, tenant.manager.token);
  const ids = [idOf(await api.post('/widgets', body)), idOf(await api.post('/widgets', body))];
  expect(new Set(ids).size).toBe(2);
});

it('refreshes a widget once, even where that refresh has ended', async () => {
  const source = { kind: 'static', data: { value: 1 } };
  const made = await post(tenant.manager, '/widgets', { ...widgetBody(), source }, newKey());
  const path = `/widgets/${idOf(made)}/refresh`;
  const claims = async () => {
    const [row] = await query(
      served.databaseUrl,
      `update widget_schedules set claimed_at = null, lease_until = null, again = false
        where widget_id = '${idOf(made)}' returning claim_no::int as n`,
    );
    return Number(row?.n);
  };
  const before = await claims();
  const key = newKey();
  const first = await post(tenant.manager, path, {}, key);
  expect([first.status, first.body.data]).toEqual([202, { widgetId: idOf(made), queued: true }]);
  // As where a worker has ended it.
  expect(await claims()).toBe(before + 1);
  const again = await post(tenant.manager, path, {}, key);
  expect([again.status, again.body, again.headers['idempotency-replayed']]).toEqual([
    202,
    first.body,
    'true',
  ]);
  expect(await claims()).toBe(before + 1);
  const another = await post(tenant.manager, path, {}, newKey());
  expect(another.status).toBe(202);
  expect(await claims()).toBe(before + 2);
});
