import { unseal } from '../../../lib/secrets';
import { agentBody, providerBody } from '../../factories/bodies';
import { createTenant, type Tenant } from '../../factories/tenant';
import { whileHeld } from '../../support/held';
import { query } from '../../support/postgres';
import { apiOf, detailPaths, type Api } from '../http/api';
import { expectRefusal } from '../http/expect-refusal';
import { JWT_SECRET, serve, type Served } from '../serve';

const KEY = 'a key of the tests';

interface Provider extends Record<string, unknown> {
  id: string;
  slug: string;
}

let served: Served;
let tenant: Tenant;
let api: Api;
beforeAll(async () => {
  served = await serve({ ENCRYPTION_KEYS: KEY });
});
beforeEach(async () => {
  tenant = await createTenant({ db: served.db, secrets: [JWT_SECRET] });
  api = apiOf(served.port, tenant.admin.token);
});
afterAll(() => served.close());

const make = async (overrides: object = {}): Promise<Provider> => {
  const answer = await api.post('/providers', providerBody({ ...overrides }));
  expect([answer.status, answer.text]).toEqual([201, expect.anything()]);
  return answer.body.data;
};
const sql = (text: string) => query(served.databaseUrl, text);
const secretOf = async (id: string): Promise<string | null> => {
  const [row] = await sql(`select secret from providers where id = '${id}'`);
  return (row as { secret: string | null }).secret;
};
const MODEL = { name: 'org/llama:70b', contextWindow: 128_000, maxOutputTokens: 8_000 };

describe('a provider', () => {
  it('is made, read, listed, changed and deleted, and its key is never shown', async () => {
    const secret = { apiKey: 'sk-planted-key' };
    const body = providerBody({ secret, quirks: { tools: false }, models: [MODEL] });
    const answer = await api.post('/providers', body);
    const { secret: _, ...rest } = body;
    const made = answer.body.data as Provider;
    expect(made).toEqual({
      ...rest,
      id: expect.any(String),
      hasSecret: true,
      quirks: { tokenParameter: 'max_tokens', includesUsage: true, tools: false, honoursOutputCap: true },
      version: 1,
      createdAt: expect.any(String),
      updatedAt: expect.any(String),
    });
    const at = `/providers/${made.id}`;
    expect(answer.headers.location).toBe(`/api/v1${at}`);
    const read = await api.get(at);
    expect([read.body.data, read.headers.etag]).toEqual([made, '"1"']);
    const list = await api.get('/providers?sort=slug&search=provider');
    expect(list.body).toMatchObject({ data: [made], meta: { pagination: { total: 1 } } });
    const changed = await api.patch(at, { name: 'Another' }, { 'If-Match': '"1"' });
    expect(changed.body.data).toMatchObject({
      name: 'Another',
      slug: made.slug,
      hasSecret: true,
      version: 2,
    });
    expectRefusal('an old version', await api.patch(at, { name: 'Lost' }, { 'If-Match': '"1"' }), [412]);
    // Of those who change the same version at once, one does.
    const twins = await whileHeld(served.databaseUrl, { table: 'providers', id: made.id }, 3, () =>
      Promise.all(
        Array.from({ length: 6 }, (_unused, index) =>
          api.patch(at, { name: `Twin ${index}` }, { 'If-Match': '"2"' }),
        ),
      ),
    );
    expect(twins.map(({ status }) => status).sort()).toEqual([200, 412, 412, 412, 412, 412]);
    for (const { text } of [answer, read, list, changed]) expect(text).not.toContain('planted');
    const stored = (await secretOf(made.id)) ?? '';
    expect(stored).not.toContain('planted');
    expect(JSON.parse(unseal(stored, [KEY], `provider:${made.id}`))).toEqual(secret);
    expect((await api.delete(at)).status).toBe(204);
    for (const gone of [await api.get(at), await api.patch(at, { name: 'x' }), await api.delete(at)])
      expectRefusal('deleted', gone, [404]);
  });

  it('needs no key and no address', async () => {
    const made = await make({ slug: 'openai', protocol: 'openai-responses', baseUrl: null, secret: null });
    expect(made).toMatchObject({ baseUrl: null, hasSecret: false, models: [] });
    expect(await secretOf(made.id)).toBeNull();
    const given = await api.patch(`/providers/${made.id}`, { secret: { apiKey: 'k' } });
    expect(given.body.data).toMatchObject({ hasSecret: true });
    const taken = await api.patch(`/providers/${made.id}`, { secret: null });
    expect(taken.body.data).toMatchObject({ hasSecret: false });
  });

  it.each<[string, object, string[]]>([
    ['the sandbox’s slug', { slug: 'sandbox' }, ['slug']],
    ['a slug with a slash', { slug: 'a/b' }, ['slug']],
    ['a slug in capitals', { slug: 'Ours' }, ['slug']],
    ['no slug', { slug: '' }, ['slug']],
    ['another protocol', { protocol: 'grpc' }, ['protocol']],
    ['a file', { baseUrl: 'file:///etc/passwd' }, ['baseUrl']],
    ['a password in the address', { baseUrl: 'https://me:pw@llm.test/v1' }, ['baseUrl']],
    ['a query in the address', { baseUrl: 'https://llm.test/v1?key=k' }, ['baseUrl']],
    ['a key that fits no header', { secret: { apiKey: 'a\nb' } }, ['secret.apiKey']],
    ['an unknown secret', { secret: { apiKey: 'k', password: 'p' } }, ['secret.password']],
    ['an unknown quirk', { quirks: { streams: true } }, ['quirks.streams']],
    ['a model twice', { models: [MODEL, MODEL] }, ['models.1.name']],
    ['a model with a space', { models: [{ ...MODEL, name: 'a b' }] }, ['models.0.name']],
    ['more out than in', { models: [{ ...MODEL, maxOutputTokens: 128_001 }] }, ['models.0.maxOutputTokens']],
    ['half a token', { models: [{ ...MODEL, contextWindow: 0.5 }] }, ['models.0.contextWindow']],
    [
      'a price in floats',
      { models: [{ ...MODEL, price: { input: 1, output: '1' } }] },
      ['models.0.price.input'],
    ],
    ['a debt', { models: [{ ...MODEL, price: { input: '-1', output: '1' } }] }, ['models.0.price.input']],
    [
      'a price too fine',
      { models: [{ ...MODEL, price: { input: '0.0000000001', output: '1' } }] },
      ['models.0.price.input'],
    ],
    [
      'a price too high',
      { models: [{ ...MODEL, price: { input: '1', output: '100000.1' } }] },
      ['models.0.price.output'],
    ],
    ['half a price', { models: [{ ...MODEL, price: { input: '1' } }] }, ['models.0.price.output']],
  ])('is refused with the field that is wrong: %s', async (_, overrides, paths) => {
    const answer = await api.post('/providers', providerBody({ ...overrides }));
    expectRefusal('made', answer, [400]);
    expect(detailPaths(answer)).toEqual(paths);
    if ('slug' in overrides) return;
    const { id } = await make();
    const patched = await api.patch(`/providers/${id}`, overrides);
    expectRefusal('changed', patched, [400]);
    expect(detailPaths(patched)).toEqual(paths);
  });

  it('keeps its slug, which is the business’s own', async () => {
    const { id, slug } = await make();
    const answer = await api.post('/providers', providerBody({ slug }));
    expectRefusal('a taken slug', answer, [409]);
    expect(detailPaths(answer)).toEqual(['slug']);
    expect(detailPaths(await api.patch(`/providers/${id}`, { slug: 'another', name: 'x' }))).toEqual([
      'slug',
    ]);
    const other = await createTenant({ db: served.db, secrets: [JWT_SECRET] });
    const theirs = await apiOf(served.port, other.admin.token).post('/providers', providerBody({ slug }));
    expect(theirs.status).toBe(201);
  });

  it('sends its key nowhere else: with another address the key has to be known', async () => {
    const { id } = await make({ baseUrl: 'https://llm.example.test/v1' });
    const change = (body: object) => api.patch(`/providers/${id}`, body);
    for (const body of [
      { baseUrl: 'https://thief.example.test/v1' },
      { baseUrl: 'http://llm.example.test/v1' },
      { baseUrl: 'https://llm.example.test:8443/v1' },
      { baseUrl: null },
      { protocol: 'anthropic' },
    ]) {
      const answer = await change(body);
      expectRefusal(JSON.stringify(body), answer, [400]);
      expect(detailPaths(answer)).toEqual(['secret']);
    }
    expect((await change({ baseUrl: 'https://llm.example.test/v2', protocol: 'openai-chat' })).status).toBe(
      200,
    );
    expect((await change({ baseUrl: 'https://new.example.test/', secret: { apiKey: 'known' } })).status).toBe(
      200,
    );
    expect((await change({ baseUrl: 'https://open.example.test/', secret: null })).status).toBe(200);
    expect((await change({ baseUrl: 'https://another.example.test/' })).status).toBe(200);
  });
});

describe('a provider that agents use', () => {
  it('stays, and says which they are', async () => {
    const { id, slug } = await make();
    const agents = apiOf(served.port, tenant.manager.token);
    const made: string[] = [];
    for (const body of [
      agentBody({ name: 'Ada', model: `${slug}/a` }),
      agentBody({ name: 'Bob', fallbackModels: ['sandbox/x', `${slug}/b`] }),
      agentBody({ name: 'Eve', model: 'sandbox/x' }),
    ]) {
      made.push(((await agents.post('/agents', body)).body.data as { id: string }).id);
    }
    // A longer slug that begins the same is another provider's.
    await make({ slug: `${slug}-2` });
    await agents.post('/agents', agentBody({ name: 'Other', model: `${slug}-2/a` }));
    const answer = await api.delete(`/providers/${id}`);
    expectRefusal('in use', answer, [409]);
    expect(answer.body.message).toContain('"Ada", "Bob".');
    expect(answer.body.error?.code).toBe('provider_in_use');
    for (const agentId of made.slice(0, 2)) await agents.delete(`/agents/${agentId}`);
    expect((await api.delete(`/providers/${id}`)).status).toBe(204);
  });

  it('is never deleted under an agent that is being made', async () => {
    const agents = apiOf(served.port, tenant.manager.token);
    for (let round = 0; round < 10; round += 1) {
      const { id, slug } = await make();
      const [agent, deleted] = await Promise.all([
        agents.post('/agents', agentBody({ model: `${slug}/m` })),
        api.delete(`/providers/${id}`),
      ]);
      expect([agent.status, deleted.status]).not.toEqual([201, 204]);
      expect([agent.status === 201, deleted.status === 204].filter(Boolean)).toHaveLength(1);
    }
  });
});

describe('the prices of a provider’s models', () => {
  const priced = (price: object, name = 'm') => ({ ...MODEL, name, price });
  const prices = (slug: string) =>
    sql(
      `select business_id as "businessId", model, source, tiers from model_prices where provider = '${slug}'
        order by effective_from`,
    );
  const tier = (input: string, cacheRead: string, output: string) => [
    {
      aboveInputTokens: 0,
      input,
      cacheRead,
      cacheWrite5m: input,
      cacheWrite1h: input,
      output,
      reasoning: output,
    },
  ];

  it('count from when they are stated, exactly; one that did not change is not written again', async () => {
    const { id, slug } = await make({
      models: [priced({ input: '0.0375', output: '2' }), { ...MODEL, name: 'free' }],
    });
    const row = { businessId: tenant.businessId, source: 'business' };
    const first = { ...row, model: 'm', tiers: tier('37500000', '37500000', '2000000000') };
    expect(await prices(slug)).toEqual([first]);
    const change = (models: object[]) => api.patch(`/providers/${id}`, { models });
    expect((await change([priced({ input: '0.03750', output: '2.0' })])).status).toBe(200);
    expect((await api.patch(`/providers/${id}`, { name: 'Renamed' })).status).toBe(200);
    expect(await prices(slug)).toEqual([first]);
    const answer = await change([priced({ input: '3', cachedInput: '0.3', output: '15' })]);
    expect(answer.body.data).toMatchObject({ models: [{ price: { cachedInput: '0.3' } }] });
    const second = { ...row, model: 'm', tiers: tier('3000000000', '300000000', '15000000000') };
    expect(await prices(slug)).toEqual([first, second]);
    // Back to what it was before: from now on, not since then.
    await change([priced({ input: '0.0375', output: '2' })]);
    expect(await prices(slug)).toEqual([first, second, first]);
  });

  it('can be changed and not taken back, not even by leaving the model out for a while', async () => {
    const { id, slug } = await make({ models: [priced({ input: '1', output: '1' })] });
    const change = (models: object[]) => api.patch(`/providers/${id}`, { models });
    const refused = await change([
      { ...MODEL, name: 'other' },
      { ...MODEL, name: 'm' },
    ]);
    expectRefusal('no price any more', refused, [400]);
    expect(detailPaths(refused)).toEqual(['models.1.price']);
    expect((await api.get(`/providers/${id}`)).body.data).toMatchObject({ version: 1 });
    expect((await change([])).status).toBe(200);
    expect(detailPaths(await change([{ ...MODEL, name: 'm' }]))).toEqual(['models.0.price']);
    expect(await prices(slug)).toHaveLength(1);
  });

  it('are those of the last who wrote, where two write at once', async () => {
    const { id, slug } = await make();
    const stated = Array.from({ length: 8 }, (_, index) => `${index + 1}`);
    await whileHeld(served.databaseUrl, { table: 'providers', id }, 3, () =>
      Promise.all(
        stated.map((input) => api.patch(`/providers/${id}`, { models: [priced({ input, output: '1' })] })),
      ),
    );
    const { models } = (await api.get(`/providers/${id}`)).body.data as {
      models: { price: { input: string } }[];
    };
    const rows = (await prices(slug)) as { tiers: { input: string }[] }[];
    expect(rows.at(-1)?.tiers[0]?.input).toBe(`${models[0]?.price.input}000000000`);
  });
});
