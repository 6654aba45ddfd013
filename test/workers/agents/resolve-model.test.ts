import { parseEnv, type Env } from '../../../lib/env';
import { newId } from '../../../lib/ids';
import { seal } from '../../../lib/secrets';
import { resolveModel } from '../../../workers/agents/resolve-model';
import { createRunWorld, type RunWorld } from '../../domain/runs/fixture';

let world: RunWorld;
let env: Env;
beforeAll(async () => {
  world = await createRunWorld();
  env = parseEnv({ OPENAI_API_KEY: 'operator', ENCRYPTION_KEYS: 'a key for tests' });
});
afterAll(() => world.drop());

async function addProvider(businessId: string, slug: string, secret?: (id: string) => string): Promise<void> {
  const id = newId();
  await world.sql(
    `insert into providers (id, business_id, slug, name, protocol, base_url, secret, quirks, models)
     values ($1, $2, $3, 'Own', 'openai-chat', 'https://models.example/v1', $4, '{"tools": false}', $5)`,
    [
      id,
      businessId,
      slug,
      secret?.(id) ?? null,
      JSON.stringify([{ name: 'big/model', contextWindow: 64_000, maxOutputTokens: 2_000 }]),
    ],
  );
}
const sealed = (id: string) => seal('{"apiKey":"own"}', env.ENCRYPTION_KEYS, `provider:${id}`);
const resolve = (businessId: string, name: string) => resolveModel({ db: world.db, env }, businessId, name);

it('takes the business’s own provider before the operator’s, and only there', async () => {
  const other = await world.addBusiness();
  await addProvider(other, 'openai', sealed);
  expect(await resolve(other, 'openai/big/model')).toMatchObject({
    model: 'big/model',
    provider: { apiKey: 'own', configuredBy: 'business', protocol: 'openai-chat', quirks: { tools: false } },
    facts: { contextWindow: 64_000, maxOutputTokens: 2_000 },
  });
  expect(await resolve(world.businessId, 'openai/gpt-4o')).toMatchObject({
    provider: { apiKey: 'operator', configuredBy: 'operator' },
    facts: { contextWindow: 128_000 },
  });
});

it('says which provider is missing, what is no model, and which key can’t be read', async () => {
  await addProvider(world.businessId, 'copied', () => sealed('another row'));
  for (const [name, code] of [
    ['nobody/model', 'no_provider'],
    ['model', 'unknown_model'],
    ['openai/', 'unknown_model'],
    ['copied/model', 'secret_unreadable'],
  ] as const) {
    await expect(resolve(world.businessId, name)).rejects.toMatchObject({ code });
  }
});
