import { MAX_REQUESTS_PER_MODEL } from '../../../workers/agents/limits';
import { NO_USAGE } from '../../../domain/money/usage';
import { holdCall } from '../../../domain/money/hold';
import { claimRun } from '../../../domain/runs/claim';
import { settleCall } from '../../../domain/money/settle';
import { costOf, type Price } from '../../../domain/money/price';
import { priceFor } from '../../../domain/money/prices';
import { withTenant } from '../../../db/scope';
import { newId } from '../../../lib/ids';
import { seal } from '../../../lib/secrets';
import { callOf } from '../../factories/chat';
import { SANDBOX_KEY } from '../../support/sandbox';
import { eventually } from '../../support/eventually';
import { createAgentWorld, type AgentWorld } from './fixture';

jest.setTimeout(90_000);

const SCRIPT = 'sandbox/sandbox-script';
const ECHO = 'sandbox/sandbox-echo';
const TEXT = 'one two three four five six seven eight nine ten eleven twelve';

let world: AgentWorld;
beforeAll(async () => {
  world = await createAgentWorld('postgres');
});
afterAll(() => world.close());
beforeEach(async () => {
  await world.sandbox.reset();
  for (const model of [SCRIPT, ECHO]) world.agents.breaker.succeeded(model);
});

const outcomes = async (runId: string) => (await world.ledger(runId)).map(({ outcome }) => outcome);

describe('a provider that breaks off behind its first words', () => {
  it.each(['cut', 'reset', 'bad_json', 'error_event', 'failed', 'stall'] as const)(
    '%s: the run fails with what was written, and is booked',
    async (fault) => {
      const { id, ...run } = await world.answered({ text: TEXT, fault, afterChunks: 5, tokensPerSecond: 20 });
      expect(run).toMatchObject({
        status: 'failed',
        reasonCode: 'provider_interrupted',
        replyStatus: 'failed',
      });
      expect(run.reason).toMatch(/broke off in the middle/);
      expect(run.reply).not.toBe('');
      expect(TEXT.startsWith(run.reply)).toBe(true);
      expect(await world.sandbox.requests()).toHaveLength(1);
      const [call, ...others] = await world.ledger(id);
      expect(others).toEqual([]);
      expect(call).toMatchObject({ status: 'settled', outcome: 'failed', estimated: true });
      expect(BigInt(call?.costNano ?? 0)).toBeGreaterThan(0n);
      expect(BigInt(call?.costNano ?? 0)).toBeLessThanOrEqual(BigInt(call?.holdNano ?? 0));
      expect(run).toMatchObject({ costNano: call?.costNano, estimated: true });
    },
  );
});

describe('before the first words', () => {
  it.each(['cut', 'reset', 'bad_json', 'error_event', 'html'] as const)(
    '%s: it is tried again, and each try is booked',
    async (fault) => {
      await world.sandbox.rules({ behaviour: { fault }, times: 1 });
      const { id, ...run } = await world.answered({ text: 'At last.' });
      expect(run).toMatchObject({ status: 'completed', reply: 'At last.' });
      expect(await world.sandbox.requests()).toHaveLength(2);
      const calls = await world.ledger(id);
      expect(calls.map(({ attempt }) => attempt)).toEqual([1, 2]);
      expect(calls[1]).toMatchObject({ outcome: 'completed', estimated: false });
      expect(calls[0]?.outcome).not.toBe('completed');
      expect(calls.every(({ status }) => status === 'settled')).toBe(true);
    },
  );

  it.each([
    ['server_error', 'server_error', 'refused'],
    ['overloaded', 'overloaded', 'refused'],
    ['rate_limit', 'rate_limited', 'refused'],
    ['stall', 'stalled', 'failed'],
  ] as const)('%s for ever: as many requests as there may be', async (fault, code, outcome) => {
    await world.sandbox.rules({ behaviour: { fault, retryAfterSeconds: 0, delayMs: 0 } });
    const { id, ...run } = await world.answered('hello');
    expect(run).toMatchObject({ status: 'failed', reply: '' });
    expect(run.reasonCode).toBe(code);
    expect(await world.sandbox.requests()).toHaveLength(MAX_REQUESTS_PER_MODEL);
    expect(await outcomes(id)).toEqual(Array.from({ length: MAX_REQUESTS_PER_MODEL }, () => outcome));
    expect(run.costNano === '0').toBe(fault !== 'stall');
  });

  it('a longer Retry-After than a person waits for is not waited for', async () => {
    await world.sandbox.rules({ behaviour: { fault: 'rate_limit', retryAfterSeconds: 60 } });
    const run = await world.answered('hello');
    expect(run).toMatchObject({ status: 'failed', reasonCode: 'rate_limited' });
    expect(await world.sandbox.requests()).toHaveLength(1);
  });

  it('what is wrong with the request is not tried again', async () => {
    const agentId = await world.addAgent({ model: 'sandbox/no-such-model' });
    const run = await world.answered('hello', { agentId });
    expect(run).toMatchObject({ status: 'failed', reasonCode: 'unknown_model', costNano: '0' });
    expect(await world.sandbox.requests()).toHaveLength(1);
  });
});

describe('fallback models', () => {
  it('take over where the first fails before its first words', async () => {
    const agentId = await world.addAgent({ fallback_models: `{${ECHO}}` });
    await world.sandbox.rules({ match: { model: 'sandbox-script' }, behaviour: { fault: 'server_error' } });
    const { id, ...run } = await world.answered('hello', { agentId });
    expect(run).toMatchObject({ status: 'completed', reply: 'hello', model: ECHO });
    const calls = await world.ledger(id);
    expect(calls.map(({ model, attempt }) => `${model} ${attempt}`)).toEqual([
      `${SCRIPT} 1`,
      `${SCRIPT} 2`,
      `${SCRIPT} 3`,
      `${ECHO} 4`,
    ]);
  });

  it('that are not set up do not hide why the first one failed', async () => {
    const agentId = await world.addAgent({ fallback_models: '{nobody/model}' });
    await world.sandbox.rules({ behaviour: { fault: 'server_error' } });
    const run = await world.answered('hello', { agentId });
    expect(run).toMatchObject({ status: 'failed', reasonCode: 'server_error' });
  });

  it('do not take over behind the first words', async () => {
    const agentId = await world.addAgent({ fallback_models: `{${ECHO}}` });
    const run = await world.answered({ text: TEXT, fault: 'cut', afterChunks: 3 }, { agentId });
    expect(run).toMatchObject({ status: 'failed', reasonCode: 'provider_interrupted', model: SCRIPT });
    expect(await world.sandbox.requests()).toHaveLength(1);
  });

  it('are asked at once while the circuit of the first is open', async () => {
    const agentId = await world.addAgent({ fallback_models: `{${ECHO}}` });
    await world.sandbox.rules({ match: { model: 'sandbox-script' }, behaviour: { fault: 'server_error' } });
    await world.answered('one', { agentId });
    await world.answered('two', { agentId });
    const before = (await world.sandbox.requests()).length;
    const run = await world.answered('three', { agentId });
    expect(run).toMatchObject({ status: 'completed', model: ECHO });
    expect(await world.sandbox.requests()).toHaveLength(before + 1);
  });

  it('where there is none, an open circuit is said to the person, and nothing is sent', async () => {
    await world.sandbox.rules({ behaviour: { fault: 'server_error' } });
    await world.answered('one');
    await world.answered('two');
    const before = (await world.sandbox.requests()).length;
    const { id, ...run } = await world.answered('three');
    expect(run).toMatchObject({ status: 'failed', reasonCode: 'provider_unavailable' });
    expect(run.reason).toMatch(/Try again in \d+ s/);
    expect(await world.sandbox.requests()).toHaveLength(before);
    expect(await world.ledger(id)).toEqual([]);
  });
});

describe('what a person reads', () => {
  it('says that no such provider is set up', async () => {
    const agentId = await world.addAgent({ model: 'nobody/model' });
    const run = await world.answered('hello', { agentId });
    expect(run).toMatchObject({ status: 'failed', reasonCode: 'no_provider' });
    expect(run.reason).toMatch(/"nobody"/);
  });

  it('says that the answer was cut at its limit, and keeps it', async () => {
    const agentId = await world.addAgent({ max_tokens: 20 });
    const run = await world.answered({ useWholeCap: true }, { agentId });
    expect(run).toMatchObject({ status: 'completed', reasonCode: 'max_tokens', replyStatus: 'completed' });
    expect(run.reason).toMatch(/limit of 20 tokens/);
    expect(run.reply).not.toBe('');
  });

  it('waits for money that other calls have in their hands', async () => {
    const { run: other } = await world.ask();
    const claimed = await claimRun(world.db, world.businessId, other.id);
    if (!claimed) throw new Error('The run could not be claimed.');
    await world.sql(
      `insert into budgets (id, business_id, scope_kind, period, hard_limit_nano)
       values (gen_random_uuid(), $1, 'business', 'day', 20000000)`,
      [world.businessId],
    );
    const call = callOf(claimed, {
      provider: 'sandbox',
      model: 'sandbox-script',
      inputBound: 1,
      outputCap: 10_000_000,
    });
    const held = await holdCall(world.db, call);
    if (!('granted' in held)) throw new Error('Nothing was held.');
    const id = await world.chat('hello');
    await eventually('it is claimed', async () => (await world.state(id)).status === 'running');
    expect(await world.ledger(id)).toEqual([]);
    expect(await world.sandbox.requests()).toEqual([]);
    await settleCall(world.db, world.businessId, held.granted.ledgerId, {
      outcome: 'unsent',
      usage: NO_USAGE,
    });
    expect(await world.ended(id)).toMatchObject({ status: 'completed', reply: 'hello' });
    await world.sql('delete from budgets where business_id = $1', [world.businessId]);
  });

  it('says which budget is used up, and nothing is sent', async () => {
    await world.sql(
      `insert into budgets (id, business_id, scope_kind, period, hard_limit_nano)
       values (gen_random_uuid(), $1, 'business', 'day', 1)`,
      [world.businessId],
    );
    const { id, ...run } = await world.answered('hello');
    await world.sql('delete from budgets where business_id = $1', [world.businessId]);
    expect(run).toMatchObject({ status: 'failed', reasonCode: 'budget_exhausted' });
    expect(run.reason).toMatch(/renews on/);
    expect(await world.ledger(id)).toEqual([]);
    expect(await world.sandbox.requests()).toHaveLength(0);
  });

  it('says that it was our fault where it was, once in the log, and nothing of what went wrong', async () => {
    const get = world.agents.providers.get;
    world.agents.providers.get = () => {
      throw new TypeError('a secret detail');
    };
    const run = await world.answered('hello');
    world.agents.providers.get = get;
    expect(run).toMatchObject({ status: 'failed', reasonCode: 'internal' });
    expect(run.reason).not.toMatch(/secret detail/);
  });

  it('holds nothing any more once it is over', async () => {
    expect(await world.sql(`select id from ledger where status = 'held'`)).toEqual([]);
  });
});

describe('a provider that is known to ignore the cap', () => {
  const CAP = 60;
  /** Two seconds of what it would put out fit into what the hold has beyond the cap: no stall of this machine shows. */
  const TOKENS_PER_SECOND = 35;
  let agentId: string;
  beforeAll(async () => {
    const id = newId();
    const secret = seal(
      JSON.stringify({ apiKey: SANDBOX_KEY }),
      world.parts.env.ENCRYPTION_KEYS,
      `provider:${id}`,
    );
    await world.sql(
      `insert into providers (id, business_id, slug, name, protocol, base_url, secret, quirks)
       values ($1, $2, 'runaway', 'Runaway', 'openai-chat', $3, $4, '{"honoursOutputCap": false}')`,
      [id, world.businessId, `${world.sandbox.url}/v1`, secret],
    );
    await world.sql(
      `insert into model_prices (id, business_id, provider, model, effective_from, tiers, source)
       select gen_random_uuid(), $1, 'runaway', model, 'epoch', tiers, 'test' from model_prices
        where provider = 'sandbox' and model = 'sandbox-script'`,
      [world.businessId],
    );
    agentId = await world.addAgent({ model: 'runaway/sandbox-script', max_tokens: CAP });
  });

  it('is cut by us, and bills no more than was held for it', async () => {
    const script = {
      fault: 'ignore_cap',
      tokensPerSecond: TOKENS_PER_SECOND,
      outputTokens: 20 * CAP,
    } as const;
    const { id, ...run } = await world.answered(script, { agentId });
    expect(run).toMatchObject({ status: 'completed', reasonCode: 'max_tokens' });
    const request = await eventually('its socket is closed', async () => {
      const [only] = await world.sandbox.requests();
      return only?.closedAt ? only : undefined;
    });
    const [call, ...others] = await world.ledger(id);
    expect(others).toEqual([]);
    expect(call).toMatchObject({
      outcome: 'stopped',
      errorCode: 'over_cap',
      outputCap: CAP,
      estimated: true,
    });
    const price = await withTenant(world.db, world.businessId, (tx) =>
      priceFor(tx, 'runaway', 'sandbox-script'),
    );
    const billed = {
      ...NO_USAGE,
      input: request.billed?.input ?? 0,
      outputText: request.billed?.output ?? 0,
    };
    expect(billed.outputText).toBeGreaterThan(CAP / 2);
    expect(costOf(billed, price as Price)).toBeLessThanOrEqual(BigInt(call?.holdNano ?? 0));
    expect(costOf(billed, price as Price)).toBeLessThanOrEqual(BigInt(call?.costNano ?? 0));
  });
});
