import { runEventsChannel, type RunSignal } from '../../../domain/runs/signals';
import { newId } from '../../../lib/ids';
import { seal } from '../../../lib/secrets';
import { eventually } from '../../support/eventually';
import { SANDBOX_KEY } from '../../support/sandbox';
import { createAgentWorld, type AgentWorld } from './fixture';

jest.setTimeout(60_000);

describe.each(['redis', 'postgres'] as const)('a run on %s, from its claim to its end', (kind) => {
  let world: AgentWorld;
  beforeAll(async () => {
    world = await createAgentWorld(kind);
  });
  afterAll(() => world.close());

  it('answers, books and tells', async () => {
    const { id, ...run } = await world.answered({ text: 'Sales are up by a tenth.' });
    expect(run).toMatchObject({
      status: 'completed',
      reasonCode: null,
      model: 'sandbox/sandbox-script',
      epoch: 1,
      reply: 'Sales are up by a tenth.',
      replyStatus: 'completed',
      estimated: false,
    });
    const [call, ...others] = await world.ledger(id);
    expect(others).toEqual([]);
    expect(call).toMatchObject({
      turn: 1,
      attempt: 1,
      status: 'settled',
      outcome: 'completed',
      stopReason: 'end',
    });
    expect(BigInt(call?.costNano ?? 0)).toBeGreaterThan(0n);
    expect(run.costNano).toBe(call?.costNano);
    const [request] = await world.sandbox.requests();
    expect(request).toMatchObject({ clientRequestId: call?.id, outcome: 'completed' });
    expect(
      world
        .deltas(id)
        .map(({ text }) => text)
        .join(''),
    ).toBe(run.reply);
    const events = world.announced.map(({ event }) => event);
    expect(events.indexOf('message.completed')).toBeGreaterThan(events.lastIndexOf('message.delta'));
    expect(events).toEqual(expect.arrayContaining(['run.changed', 'conversation.changed', 'usage.changed']));
    const { text } = await world.metrics.render();
    expect(text).toMatch(/liveboard_agent_runs_total\{outcome="completed"\} 1\n/);
    expect(text).toMatch(
      /liveboard_provider_calls_total\{provider="sandbox",model="sandbox-script",outcome="completed"\} 1\n/,
    );
    expect(text).toMatch(/liveboard_agent_first_token_seconds_count 1\n/);
  });

  it('signals the end to whoever waits for the run', async () => {
    const read: RunSignal[] = [];
    const { run, deliveries } = await world.ask({ agentId: world.agentId, content: 'Say: "Hello there"' });
    const end = await world.parts.broker.signals.subscribe(
      runEventsChannel(run.id),
      (signal) => void read.push(signal as RunSignal),
    );
    await world.parts.jobs.enqueueMany('agent-run', deliveries);
    await eventually('the end is signalled', () => read.some(({ status }) => status === 'completed'));
    expect(read.map(({ status }) => status)).toEqual(['running', 'completed']);
    end();
  });

  it.each(['openai-responses', 'openai-chat', 'anthropic'] as const)(
    'answers by a business’s own provider that speaks %s, tools and all',
    async (protocol) => {
      const id = newId();
      const { url } = world.sandbox;
      const secret = seal(
        JSON.stringify({ apiKey: SANDBOX_KEY }),
        world.parts.env.ENCRYPTION_KEYS,
        `provider:${id}`,
      );
      await world.sql(
        `insert into providers (id, business_id, slug, name, protocol, base_url, secret)
         values ($1, $2, $3, 'Own', $4, $5, $6)`,
        [
          id,
          world.businessId,
          `own-${protocol}`,
          protocol,
          protocol === 'anthropic' ? url : `${url}/v1`,
          secret,
        ],
      );
      const agentId = await world.addAgent({ model: `own-${protocol}/sandbox-script`, tools: '{search}' });
      const call = { name: 'search', arguments: { query: 'sales' } };
      const run = await world.answered({ steps: [{ toolCalls: [call] }, { text: 'Nothing.' }] }, { agentId });
      expect(run).toMatchObject({ status: 'completed', reply: 'Nothing.' });
      expect(await world.ledger(run.id)).toMatchObject([{ outcome: 'completed' }, { outcome: 'completed' }]);
    },
  );
});
