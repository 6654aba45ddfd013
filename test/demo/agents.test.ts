import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { banner } from '../../demo/banner';
import { demoModel, giveAgents, isSandboxed, moveAgents } from '../../demo/business/agents';
import { BUSINESS_ID } from '../../demo/business/ids';
import { modelFacts, splitModel } from '../../domain/models/facts';
import { createPlatform, type Platform } from './platform';

const OPENAI = { OPENAI_API_KEY: 'k' };
const ANTHROPIC = { ANTHROPIC_API_KEY: 'k' };
const SANDBOX = { SANDBOX_URL: 'http://127.0.0.1:1' };

let platform: Platform;
beforeEach(async () => {
  platform = await createPlatform();
});
afterEach(() => platform.close());

const agents = () =>
  platform.sql(
    `select name, model, tools, fallback_models, max_tokens, status, business_id from agents order by name`,
  );
const names = async () => (await agents()).map(({ name }) => name);
const models = async () => (await agents()).map(({ model }) => model);
const give = () => giveAgents(platform.db, platform.dataDir, SANDBOX);
/** As a version without agents left it. */
const seedWithout = async () => {
  await platform.seed();
  await platform.sql('delete from agents', `delete from tombstones where kind = 'agent'`);
};

describe('the agents of the demo', () => {
  it('are an analyst with every tool and an assistant', async () => {
    await platform.seed({ providers: SANDBOX });
    const common = {
      model: 'sandbox/sandbox-analyst',
      fallback_models: [],
      max_tokens: 4_096,
      status: 'active',
      business_id: BUSINESS_ID,
    };
    expect(await agents()).toEqual([
      { ...common, name: 'Analyst', tools: ['search', 'analysis', 'reporting', 'automation'] },
      { ...common, name: 'Assistant', tools: ['search'] },
    ]);
  });

  it.each([
    [{}, 'sandbox', true],
    [SANDBOX, 'sandbox', true],
    [OPENAI, 'openai', false],
    [ANTHROPIC, 'anthropic', false],
    [{ ...ANTHROPIC, ...OPENAI, ...SANDBOX }, 'openai', false],
    [{ OPENAI_API_KEY: '', ...ANTHROPIC }, 'anthropic', false],
  ])('answer with a model of who has a key: %j', (providers, provider, sandboxed) => {
    const model = splitModel(demoModel(providers));
    expect([model.provider, isSandboxed(providers)]).toEqual([provider, sandboxed]);
    const facts = modelFacts(model.provider, model.model);
    expect([facts.known, facts.maxOutputTokens >= 4_096]).toEqual([true, true]);
    const where = { url: 'http://x.test', password: 'p', mailboxUrl: undefined };
    const text = banner({ ...where, isSandbox: sandboxed }).join('\n');
    expect(text.includes('sandbox')).toBe(sandboxed);
  });

  it('come to a demo of an earlier version at its next start, once', async () => {
    await seedWithout();
    await give();
    expect(await names()).toEqual(['Analyst', 'Assistant']);
    await give();
    expect(await names()).toHaveLength(2);
    await platform.sql('delete from agents', `delete from tombstones where kind = 'agent'`);
    await give();
    expect(await names()).toEqual([]);
  });

  it('do not come again to who deleted them, even before the first mark was made', async () => {
    await platform.seed();
    await platform.sql('delete from agents');
    await give();
    expect(await names()).toEqual([]);
    expect(existsSync(join(platform.dataDir, 'demo.agents'))).toBe(true);
  });

  it('are not given beside those that someone made', async () => {
    await platform.seed();
    await platform.sql(
      `delete from agents where name = 'Analyst'`,
      `delete from tombstones where kind = 'agent'`,
    );
    await give();
    expect(await names()).toEqual(['Assistant']);
  });

  it('answer with what is configured now, unless someone chose otherwise', async () => {
    await platform.seed({ providers: SANDBOX });
    await moveAgents(platform.db, SANDBOX);
    const versions = () => platform.sql('select version::int from agents');
    expect(await versions()).toEqual([{ version: 1 }, { version: 1 }]);
    await moveAgents(platform.db, OPENAI);
    expect(await models()).toEqual(['openai/gpt-5-mini', 'openai/gpt-5-mini']);
    // Its provider still has a key: it stays, whatever would be chosen today.
    await moveAgents(platform.db, { ...OPENAI, ...SANDBOX });
    await platform.sql(`update agents set model = 'openai/gpt-4o' where name = 'Analyst'`);
    await moveAgents(platform.db, ANTHROPIC);
    expect(await models()).toEqual(['openai/gpt-4o', 'anthropic/claude-haiku-4-5']);
    // The business's own provider of that name answers for it.
    await platform.sql(
      `insert into providers (id, business_id, slug, name, protocol)
       values (gen_random_uuid(), '${BUSINESS_ID}', 'anthropic', 'Own', 'anthropic')`,
    );
    await moveAgents(platform.db, SANDBOX);
    expect(await models()).toEqual(['openai/gpt-4o', 'anthropic/claude-haiku-4-5']);
    await platform.sql('delete from providers');
    await moveAgents(platform.db, SANDBOX);
    expect(await models()).toEqual(['openai/gpt-4o', 'sandbox/sandbox-analyst']);
  });
});
