import type { AvailableModel } from '../../../domain/models/available';
import { seedPrices } from '../../../domain/money/seed-prices';
import { newId } from '../../../lib/ids';
import { agentBody, providerBody } from '../../factories/bodies';
import { createTenant, type Tenant } from '../../factories/tenant';
import { whileHeld } from '../../support/held';
import { query } from '../../support/postgres';
import { apiOf, detailPaths, type Api } from '../http/api';
import { expectRefusal } from '../http/expect-refusal';
import { JWT_SECRET, serve, type Served } from '../serve';
import { createThing } from './things';

interface Agent extends Record<string, unknown> {
  id: string;
  version: number;
}

let served: Served;
let tenant: Tenant;
let api: Api;
beforeAll(async () => {
  served = await serve({ ENCRYPTION_KEYS: 'a key of the tests', ANTHROPIC_API_KEY: 'a key' });
  tenant = await createTenant({ db: served.db, secrets: [JWT_SECRET] });
  api = apiOf(served.port, tenant.manager.token);
});
afterAll(() => served.close());

const make = async (overrides: object = {}): Promise<Agent> => {
  const answer = await api.post('/agents', agentBody({ ...overrides }));
  expect([answer.status, answer.text]).toEqual([201, expect.anything()]);
  return answer.body.data;
};

const NO_TOTALS = { runs: 0, tokens: { input: 0, output: 0 }, cost: '0', lastRunAt: null };

describe('an agent', () => {
  it('keeps everything it was made with, to the last character', async () => {
    const body = agentBody({
      type: 'analyst',
      systemPrompt: `Say "no" to {braces}, \\back\\slashes and 💀.\n`.repeat(20),
      temperature: 0.7,
      maxTokens: 1_234,
      tools: ['search', 'automation'],
      fallbackModels: ['sandbox/a,b"c{d}\\e', 'anthropic/claude-haiku-4-5', 'sandbox/NULL'],
      status: 'inactive',
    });
    const made = await make(body);
    expect(made).toEqual({
      ...body,
      id: expect.any(String),
      version: 1,
      totals: NO_TOTALS,
      createdAt: expect.any(String),
      updatedAt: expect.any(String),
    });
    const read = await api.get(`/agents/${made.id}`);
    expect(read.body.data).toEqual(made);
    const { totals: _, ...listed } = made;
    expect((await api.get('/agents?pageSize=100')).body.data).toContainEqual(listed);
    const changed = await api.patch(`/agents/${made.id}`, {
      tools: [],
      fallbackModels: [],
      temperature: null,
    });
    expect(changed.body.data).toMatchObject({
      tools: [],
      fallbackModels: [],
      temperature: null,
      name: body.name,
    });
    const none = await make();
    expect(none).toMatchObject({
      systemPrompt: '',
      temperature: null,
      maxTokens: 4_096,
      tools: [],
      fallbackModels: [],
      status: 'active',
    });
    // What its model puts out is less than what is usual.
    expect(await make({ model: 'sandbox/sandbox-small' })).toMatchObject({ maxTokens: 2_000 });
  });

  it.each<[string, object, string[]]>([
    ['a model without a provider', { model: 'gpt-5' }, ['model']],
    ['a provider that is not set up', { model: 'openai/gpt-5' }, ['model']],
    ['a provider of a name that is no name', { model: '__proto__/x' }, ['model']],
    ['a provider without a model', { model: 'sandbox/' }, ['model']],
    ['a fallback that nobody answers for', { fallbackModels: ['sandbox/a', 'ours/b'] }, ['fallbackModels.1']],
    [
      'four fallbacks',
      { fallbackModels: ['a', 'b', 'c', 'd'].map((name) => `sandbox/${name}`) },
      ['fallbackModels'],
    ],
    ['a fallback twice', { fallbackModels: ['sandbox/a', 'sandbox/a'] }, ['fallbackModels.1']],
    ['its own model for a fallback', { fallbackModels: ['sandbox/sandbox-echo'] }, ['fallbackModels.0']],
    ['a tool that is none', { tools: ['search', 'shell'] }, ['tools.1']],
    ['a tool twice', { tools: ['search', 'search'] }, ['tools.1']],
    ['too much warmth', { temperature: 2.1 }, ['temperature']],
    ['too little warmth', { temperature: -0.1 }, ['temperature']],
    ['more than its model puts out', { model: 'sandbox/sandbox-small', maxTokens: 2_001 }, ['maxTokens']],
    [
      'more than a model is trusted with that nobody knows',
      { model: 'sandbox/x', maxTokens: 4_097 },
      ['maxTokens'],
    ],
    ['nothing put out', { maxTokens: 0 }, ['maxTokens']],
    ['a book of instructions', { systemPrompt: 'x'.repeat(20_001) }, ['systemPrompt']],
    ['no name', { name: ' ' }, ['name']],
    ['two things', { model: 'ours/a', fallbackModels: ['theirs/b'] }, ['model', 'fallbackModels.0']],
  ])('is refused with the field that is wrong: %s', async (_, overrides, paths) => {
    const body = agentBody({ ...overrides });
    const answer = await api.post('/agents', body);
    expectRefusal('made', answer, [400]);
    expect(detailPaths(answer)).toEqual(paths);
    const { id } = await make();
    const patched = await api.patch(`/agents/${id}`, overrides);
    expectRefusal('changed', patched, [400]);
    expect(detailPaths(patched)).toEqual(paths);
    expect((await api.get(`/agents/${id}`)).body.data).toMatchObject({ version: 1 });
  });

  it('is checked as a whole where a part is changed', async () => {
    const { id } = await make({ maxTokens: 8_000, fallbackModels: ['sandbox/sandbox-small'] });
    const change = (body: object) => api.patch(`/agents/${id}`, body);
    expect(detailPaths(await change({ model: 'sandbox/sandbox-small' }))).toEqual([
      'fallbackModels.0',
      'maxTokens',
    ]);
    expect(
      (await change({ model: 'sandbox/sandbox-small', maxTokens: 2_000, fallbackModels: [] })).status,
    ).toBe(200);
    // Its provider is gone: it can still be renamed and switched off, and be given another one.
    await query(served.databaseUrl, `update agents set model = 'gone/m' where id = '${id}'`);
    expect((await change({ name: 'Renamed', status: 'inactive' })).status).toBe(200);
    expect(detailPaths(await change({ fallbackModels: [] }))).toEqual(['model']);
    expect((await change({ model: 'sandbox/sandbox-echo' })).status).toBe(200);
  });

  it('of two changes at once is checked after both', async () => {
    const { id } = await make({ maxTokens: 2_000 });
    const [model, maxTokens] = await whileHeld(served.databaseUrl, { table: 'agents', id }, 2, () =>
      Promise.all([
        api.patch(`/agents/${id}`, { model: 'sandbox/sandbox-small' }),
        api.patch(`/agents/${id}`, { maxTokens: 16_000 }),
      ]),
    );
    expect([model.status, maxTokens.status].sort()).toEqual([200, 400]);
  });

  it('shows what it has done, and not an old sum to who holds one', async () => {
    const { id } = await make();
    const at = `/agents/${id}`;
    const first = await api.get(at);
    expect([first.headers.etag, (first.body.data as Agent).totals]).toEqual(['"1"', NO_TOTALS]);
    await query(
      served.databaseUrl,
      `insert into agent_totals values ('${id}', '${tenant.businessId}', 17, 1000, 200, 1500000001, '2026-01-02T03:04:05Z')`,
    );
    const second = await api.get(at, { 'If-None-Match': '"1"' });
    expect([second.status, second.headers.etag]).toEqual([200, '"1-17"']);
    expect((second.body.data as Agent).totals).toEqual({
      runs: 17,
      tokens: { input: 1_000, output: 200 },
      cost: '1.500000001',
      lastRunAt: '2026-01-02T03:04:05.000Z',
    });
    expect((await api.get(at, { 'If-None-Match': '"1-17"' })).status).toBe(304);
    // The version in it is the one to change from.
    const changed = await api.patch(at, { name: 'Renamed' }, { 'If-Match': '"1-17"' });
    expect([changed.status, changed.headers.etag]).toEqual([200, '"2-17"']);
    expect((changed.body.data as Agent).totals).toMatchObject({ runs: 17 });
    expectRefusal('an old one', await api.patch(at, { name: 'Again' }, { 'If-Match': '"1-17"' }), [412]);
  });

  it('leaves its conversations behind when it is deleted', async () => {
    const { id } = await make();
    const conversationId = newId();
    await query(
      served.databaseUrl,
      `insert into conversations (id, business_id, user_id, agent_id)
       values ('${conversationId}', '${tenant.businessId}', '${tenant.member.userId}', '${id}')`,
    );
    expect((await api.delete(`/agents/${id}`)).status).toBe(204);
    const [row] = await query(
      served.databaseUrl,
      `select agent_id, version::int from conversations where id = '${conversationId}'`,
    );
    // They keep its name and their version: nothing of them is to be told or synced.
    expect(row).toEqual({ agent_id: id, version: 1 });
  });
});

describe('the tools of an agent', () => {
  it('are the ones it was given, as models are told of them', async () => {
    const { id } = await make({ tools: ['automation', 'search'] });
    const answer = await apiOf(served.port, tenant.viewer.token).get(`/agents/${id}/tools`);
    expect(answer.body.data).toEqual([
      expect.objectContaining({ name: 'automation', needsConfirmation: true }),
      expect.objectContaining({
        name: 'search',
        needsConfirmation: false,
        description: expect.stringMatching(/search/i),
        parameters: expect.objectContaining({ type: 'object', required: ['query'] }),
      }),
    ]);
    const none = await make();
    expect((await api.get(`/agents/${none.id}/tools`)).body.data).toEqual([]);
  });
});

describe('the models', () => {
  const models = async (of: Served = served, token = tenant.viewer.token) =>
    (await apiOf(of.port, token).get('/models')).body.data as AvailableModel[];

  it('are those of the configured providers, with what they cost', async () => {
    await seedPrices(served.db);
    const all = await models();
    const providers = [...new Set(all.map(({ provider }) => provider))];
    expect(providers.sort()).toEqual(['anthropic', 'sandbox']);
    expect(all.find(({ id }) => id === 'anthropic/claude-haiku-4-5')).toEqual({
      id: 'anthropic/claude-haiku-4-5',
      provider: 'anthropic',
      name: 'Claude Haiku 4.5',
      contextWindow: 200_000,
      maxOutputTokens: 64_000,
      price: { input: '1', cachedInput: '0.1', cacheWrite: '1.25', output: '5' },
      sandbox: false,
    });
    expect(all.filter(({ sandbox }) => sandbox).map(({ id }) => id)).toContain('sandbox/sandbox-analyst');
    for (const { id, price } of all) expect([id, price]).toEqual([id, expect.any(Object)]);
    expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
  });

  it('can each be chosen, with all that it puts out', async () => {
    for (const { id, maxOutputTokens } of await models()) {
      const answer = await api.post('/agents', agentBody({ model: id, maxTokens: maxOutputTokens }));
      expect([id, answer.status]).toEqual([id, 201]);
    }
  });

  it('of a business’s own providers are its own alone, and stand before the platform’s of the same name', async () => {
    const other = await createTenant({ db: served.db, secrets: [JWT_SECRET] });
    const models_ = [
      {
        name: 'llama-4',
        contextWindow: 9_000,
        maxOutputTokens: 900,
        price: { input: '0.0375', output: '2' },
      },
      { name: 'free', contextWindow: 8_000, maxOutputTokens: 800 },
    ];
    for (const slug of ['ours', 'anthropic'])
      await createThing(served.port, other.admin, '/providers', providerBody({ slug, models: models_ }));
    // The platform's price of the same name is newer, and not theirs.
    await query(
      served.databaseUrl,
      `insert into model_prices (id, provider, model, effective_from, tiers, source)
       select gen_random_uuid(), 'anthropic', 'llama-4', now(), tiers, 'test' from model_prices
        where model = 'claude-haiku-4-5'`,
    );
    // Without models of its own it is the same provider, with the business's key.
    await createThing(served.port, other.admin, '/providers', providerBody({ slug: 'openai' }));
    const theirs = await models(served, other.viewer.token);
    expect(theirs.filter(({ provider }) => provider === 'anthropic').map(({ name }) => name)).toEqual([
      'llama-4',
      'free',
    ]);
    expect(theirs.find(({ id }) => id === 'ours/llama-4')).toEqual({
      id: 'ours/llama-4',
      provider: 'ours',
      name: 'llama-4',
      contextWindow: 9_000,
      maxOutputTokens: 900,
      price: { input: '0.0375', cachedInput: '0.0375', cacheWrite: '0.0375', output: '2' },
      sandbox: false,
    });
    expect(theirs.find(({ id }) => id === 'anthropic/llama-4')?.price?.input).toBe('0.0375');
    expect(theirs.find(({ id }) => id === 'ours/free')?.price).toBeNull();
    expect(theirs.find(({ id }) => id === 'openai/gpt-5-mini')?.price).toMatchObject({ input: '0.25' });
    const mine = await models();
    expect(mine.filter(({ provider }) => provider === 'ours' || provider === 'openai')).toEqual([]);
    expect(mine.find(({ id }) => id === 'anthropic/claude-haiku-4-5')).toBeDefined();
    // A business's own provider answers for agents, too, within what it says of its models.
    const theirApi = apiOf(served.port, other.manager.token);
    const choose = (maxTokens: number) =>
      theirApi.post('/agents', agentBody({ model: 'ours/llama-4', maxTokens }));
    expect([(await choose(900)).status, (await choose(901)).status]).toEqual([201, 400]);
    expect(detailPaths(await api.post('/agents', agentBody({ model: 'ours/llama-4' })))).toEqual(['model']);
  });

  it('are none where nothing is configured', async () => {
    const bare = await serve({ SANDBOX_URL: '' });
    try {
      const { viewer, manager } = await createTenant({ db: bare.db, secrets: [JWT_SECRET] });
      expect(await models(bare, viewer.token)).toEqual([]);
      const answer = await apiOf(bare.port, manager.token).post('/agents', agentBody());
      expect(detailPaths(answer)).toEqual(['model']);
    } finally {
      await bare.close();
    }
  });
});
