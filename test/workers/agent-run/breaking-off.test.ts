import { claimRun } from '../../../domain/runs/claim';
import { agentRun } from '../../../workers/agent-run';
import type { AgentParts } from '../../../workers/agents/parts';
import { createRunStops } from '../../../workers/agents/run-stops';
import type { WorkerContext } from '../../../workers/context';
import { createSources } from '../../../workers/sources';
import { createStartRefresh } from '../../../domain/refresh/start';
import { createHoldCall } from '../../../domain/money/hold-unbudgeted';
import { createRenewRun } from '../../../domain/runs/renew';
import { createSaveReply } from '../../../domain/runs/reply';
import { createFinishRefresh } from '../../../domain/refresh/end';
import { scripted } from '../../support/sandbox';
import { eventually } from '../../support/eventually';
import { createAgentWorld, type AgentWorld } from './fixture';

jest.setTimeout(90_000);

/** Some seconds of text, of which a test sees the first words. */
const LONG = { outputTokens: 2_000, tokensPerSecond: 100 };

let world: AgentWorld;
beforeAll(async () => {
  world = await createAgentWorld('redis');
});
afterAll(() => world.close());
beforeEach(() => world.sandbox.reset());

const speaks = (runId: string) =>
  eventually('it speaks', () => world.deltas(runId).length > 2 && world.deltas(runId).at(-1));
const lastRequest = async () => (await world.sandbox.requests()).at(-1);
const socketIsClosed = () =>
  eventually(
    'the provider’s socket is closed',
    async () => (await lastRequest())?.outcome === 'client_closed',
  );
const saidOf = (runId: string) =>
  world
    .deltas(runId)
    .map(({ text }) => text)
    .join('');

/** The handler as a worker calls it, for what a broker would do to its job. */
function handle(runId: string, signal: AbortSignal, agents: AgentParts = world.agents): Promise<void> {
  const { db } = world;
  const context: WorkerContext = {
    ...world.parts,
    metrics: world.metrics,
    agents,
    sources: createSources(db),
    startRefresh: createStartRefresh(db),
    saveReply: createSaveReply(db),
    renewRun: createRenewRun(db),
    holdCall: createHoldCall(db),
    runStops: createRunStops(world.parts.broker.signals, world.parts.logger),
    finishRefresh: createFinishRefresh(db),
    wakeSweeper: () => undefined,
    mailer: { kind: 'none' },
  };
  const payload = { businessId: world.businessId, runId, delivery: 0, requestId: 'test' };
  return agentRun(context, payload, undefined as never, signal);
}
const begin = async (script: Parameters<typeof scripted>[0]) => {
  const { run } = await world.ask({ content: scripted(script), agentId: world.agentId });
  return run.id;
};

describe('a run that its person stops', () => {
  it('closes the provider’s socket, keeps its text, and books an estimate', async () => {
    const id = await world.chat(LONG);
    await speaks(id);
    await world.stop(id);
    const run = await world.ended(id);
    expect(run).toMatchObject({
      status: 'stopped',
      reasonCode: 'stopped',
      replyStatus: 'stopped',
      estimated: true,
    });
    expect(run.reply.startsWith(saidOf(id))).toBe(true);
    expect(run.reply).not.toBe('');
    await socketIsClosed();
    const [call, ...others] = await world.ledger(id);
    expect(others).toEqual([]);
    expect(call).toMatchObject({ status: 'settled', outcome: 'stopped', estimated: true });
    expect(BigInt(call?.costNano ?? 0)).toBeLessThanOrEqual(BigInt(call?.holdNano ?? 0));
    // What really came is never more than what was booked for it.
    const billed = (await lastRequest())?.billed;
    expect(billed?.output).toBeGreaterThan(0);
  });

  it('stops by its heartbeat, too, where the signal is lost', async () => {
    const id = await world.chat(LONG);
    await speaks(id);
    await world.sql('update runs set stop_requested_at = now() where id = $1', [id]);
    expect(await world.ended(id)).toMatchObject({ status: 'stopped' });
    await socketIsClosed();
  });

  it('says nothing more once it is over', async () => {
    const id = await world.chat(LONG);
    await speaks(id);
    await world.stop(id);
    await world.ended(id);
    const events = world.announced.filter(
      ({ event, payload }) =>
        (event === 'message.delta' && payload.runId === id) ||
        (event === 'message.completed' && payload.runId === id),
    );
    await eventually('its end is told', () =>
      world.announced.some(({ event, payload }) => event === 'message.completed' && payload.runId === id),
    );
    const end = world.announced.findIndex(
      ({ event, payload }) => event === 'message.completed' && payload.runId === id,
    );
    expect(events.length).toBeGreaterThan(0);
    const after = world.announced
      .slice(end)
      .filter(({ event, payload }) => event === 'message.delta' && payload.runId === id);
    expect(after).toEqual([]);
  });

  it('is not complete where its last words came behind the stop', async () => {
    const id = await begin({ text: 'one two three four', tokensPerSecond: 50 });
    const { providers } = world.agents;
    const agents: AgentParts = {
      ...world.agents,
      providers: {
        ...providers,
        get(config) {
          const provider = providers.get(config);
          return {
            ...provider,
            // What has reached this machine is read to its end, whatever becomes of the socket.
            async *stream(request) {
              const isStopped = new Promise((resolve) => request.signal.addEventListener('abort', resolve));
              for await (const event of provider.stream({
                ...request,
                signal: new AbortController().signal,
              })) {
                yield event;
                if (event.type !== 'text' || request.signal.aborted) continue;
                await world.stop(id);
                await isStopped;
              }
            },
          };
        },
      },
    };
    await handle(id, new AbortController().signal, agents);
    const run = await world.ended(id);
    expect(run).toMatchObject({ status: 'stopped', reasonCode: 'stopped', reply: saidOf(id) });
    expect('one two three four'.startsWith(run.reply)).toBe(true);
    expect(run.reply).not.toBe('one two three four');
  });

  it('is not begun where the stop came first', async () => {
    const id = await begin({ text: 'never said' });
    const first = await claimRun(world.db, world.businessId, id);
    expect(first).toBeDefined();
    await world.sql(`update runs set stop_requested_at = now(), lease_until = now() where id = $1`, [id]);
    await handle(id, new AbortController().signal);
    expect(await world.ended(id)).toMatchObject({ status: 'stopped', reply: '' });
    expect(await world.sandbox.requests()).toEqual([]);
  });
});

describe('a run that another worker takes over', () => {
  it('is left alone by the first: no text, no end, no booking of its own', async () => {
    const id = await world.chat(LONG);
    await speaks(id);
    const [held] = await world.ledger(id);
    await world.expire(id);
    const twin = await claimRun(world.db, world.businessId, id);
    expect(twin?.epoch).toBe(2);
    await socketIsClosed();
    const [state] = await world.sql(
      'select r.status, r.epoch, m.status as reply, m.content from runs r join messages m on m.id = r.reply_id where r.id = $1',
      [id],
    );
    expect(state).toMatchObject({ status: 'running', epoch: 2, reply: 'streaming', content: '' });
    // The one that took it over booked what the first one's call held, in full.
    const [call] = await world.ledger(id);
    expect(call).toMatchObject({
      id: held?.id,
      status: 'settled',
      outcome: 'unknown',
      costNano: call?.holdNano,
    });
    expect(world.deltas(id).every(({ epoch }) => epoch === 1)).toBe(true);
  });
});

describe('a run whose time is up', () => {
  it('ends with its reason, and what was written stays', async () => {
    const id = await begin(LONG);
    await world.sql(`update runs set deadline_at = now() + interval '1.5 s' where id = $1`, [id]);
    await handle(id, new AbortController().signal);
    const run = await world.ended(id);
    expect(run).toMatchObject({ status: 'failed', reasonCode: 'deadline', replyStatus: 'failed' });
    expect(run.reply).not.toBe('');
    expect(await world.ledger(id)).toMatchObject([
      { outcome: 'stopped', errorCode: 'deadline', estimated: true },
    ]);
  });
});

describe('a worker that stops', () => {
  it('hands its run back, and the next one answers it once', async () => {
    const stopping = new AbortController();
    await world.sandbox.rules({ behaviour: LONG, times: 1 });
    const id = await begin({ text: 'Answered by the next.' });
    const handled = handle(id, stopping.signal);
    await speaks(id);
    stopping.abort();
    await handled;
    // It enqueued the run again: a worker of this process takes it.
    const run = await world.ended(id);
    expect(run).toMatchObject({ status: 'completed', epoch: 2, reply: 'Answered by the next.' });
    expect(await world.ledger(id)).toMatchObject([
      { epoch: 1, outcome: 'stopped', estimated: true },
      { epoch: 2, outcome: 'completed' },
    ]);
    const [row] = await world.sql('select crashes from runs where id = $1', [id]);
    expect(row?.crashes).toBe(0);
  });
});

describe('a run whose workers die', () => {
  it('goes on behind the turns that were finished', async () => {
    const agentId = await world.addAgent({ tools: '{search}' });
    const call = { name: 'search', arguments: { query: 'sales' } };
    const script = { steps: [{ text: 'Let me look.', toolCalls: [call] }, { text: 'Nothing.' }] };
    const { run } = await world.ask({ content: scripted(script), agentId });
    const dead = await claimRun(world.db, world.businessId, run.id);
    if (!dead) throw new Error('not claimed');
    await world.callOnce(dead, 1, 'Let me look.');
    await world.sql(
      `update tool_calls set name = 'search', arguments = '{"query":"sales"}' where run_id = $1`,
      [run.id],
    );
    await world.expire(run.id);
    await handle(run.id, new AbortController().signal);
    expect(await world.ended(run.id)).toMatchObject({
      status: 'completed',
      reply: 'Let me look.\n\nNothing.',
    });
    expect(await world.sandbox.requests()).toHaveLength(1);
  });

  it('is given up at the third', async () => {
    const id = await begin({ text: 'never said' });
    for (let crash = 0; crash < 3; crash += 1) {
      await claimRun(world.db, world.businessId, id);
      await world.expire(id);
    }
    await handle(id, new AbortController().signal);
    expect(await world.ended(id)).toMatchObject({ status: 'failed', reasonCode: 'crashed' });
    expect(await world.sandbox.requests()).toEqual([]);
  });
});

it('the next message of a conversation is answered once the one before is over', async () => {
  const { run, conversation, deliveries } = await world.ask({
    agentId: world.agentId,
    content: scripted(LONG),
  });
  await world.parts.jobs.enqueueMany('agent-run', deliveries);
  await speaks(run.id);
  const second = await world.chat({ text: 'Second.' }, { conversationId: conversation.id });
  await world.stop(run.id);
  expect(await world.ended(second)).toMatchObject({ status: 'completed', reply: 'Second.' });
});
