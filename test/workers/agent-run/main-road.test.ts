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
  });
});
