import { Client } from 'pg';
import { putBudget } from '../../domain/budgets/put';
import { NANO_PER_DOLLAR } from '../../domain/money/nano';
import { newId } from '../../lib/ids';
import { seal } from '../../lib/secrets';
import type { LoggedRequest } from '../../sandbox/control/request-log';
import { addScriptedAgent } from '../factories/agents';
import { SECRET, type Person } from '../realtime/fixture';
import type { Platform } from '../stand/platform';
import { eventually } from '../support/eventually';
import { SANDBOX_KEY } from '../support/sandbox';
import type { Gate } from './gate';

/** Who asks whom, in a business of their own with a widget. */
export interface Whose {
  actor: Person;
  agentId: string;
  widgetId: string;
}

/** What is left of a run once it is over. */
export interface Trace {
  epoch: number;
  crashes: number;
  /** `<status>: <text>` */
  reply: string;
  /** `epoch <n>, turn <n>: <outcome>`, and whether it reached the sandbox. */
  calls: string[];
}

/** How a test brings a run to a step, holds it there, and sees what became of it. */
export interface StepTools {
  /** A transaction of the test's own that holds what the statement locks until it is released. */
  lock(text: string, values?: unknown[]): Promise<() => Promise<void>>;
  /** Waits until a worker waits for a lock in a statement whose first 1,024 characters say this. */
  waitsIn(words: string): Promise<unknown>;
  /** A business of a run's own, with a budget, so that what holds up its money holds up nobody else's. */
  businessApart(): Whose;
  /** The same, with its provider behind a gate. */
  businessBehind(gate: Gate): Promise<Whose>;
  chat(whose: Whose, content: string): Promise<string>;
  callsOf(runId: string): Promise<{ id: string }[]>;
  /** Requests at the sandbox in which this was said. */
  requestsOf(said: string): Promise<LoggedRequest[]>;
  traceOf(runId: string): Promise<Trace>;
}

/** @param businesses so many are made beforehand, one after the other: the fixtures share a connection */
export async function stepsOn(platform: Platform, businesses: number): Promise<StepTools> {
  const { sql } = platform;
  const made: Whose[] = [];
  for (let n = 0; n < businesses; n += 1) {
    const businessId = await platform.addBusiness();
    const actor = await platform.addPerson(businessId, 'manager');
    await putBudget(platform.db, businessId, {
      scope: 'business',
      scopeId: null,
      period: 'month',
      hardLimit: 100n * NANO_PER_DOLLAR,
      softLimit: null,
      unfreeze: false,
      ifMatch: undefined,
    });
    const agentId = await addScriptedAgent(sql, businessId, { tools: '{search,automation}' });
    made.push({ actor, agentId, widgetId: await platform.addWidget(actor, { scope: 'business' }) });
  }
  const businessApart = (): Whose => {
    const whose = made.pop();
    if (!whose) throw new Error('All businesses are taken.');
    return whose;
  };
  return {
    businessApart,
    async lock(text, values = []) {
      const client = new Client({ connectionString: platform.url });
      // Where the test fails before it lets go, the database is dropped under it.
      client.on('error', () => undefined);
      await client.connect();
      await client.query('begin');
      await client.query(text, values);
      return () => client.end();
    },
    waitsIn: (words) =>
      eventually(`a statement with "${words}" waits for a lock`, async () => {
        const waiting = await sql(
          `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
              and position($1 in query) > 0`,
          [words],
        );
        return waiting.length > 0;
      }),
    async businessBehind({ port }) {
      const whose = businessApart();
      const { businessId } = whose.actor;
      const id = newId();
      const secret = seal(JSON.stringify({ apiKey: SANDBOX_KEY }), [SECRET], `provider:${id}`);
      await sql(
        `insert into providers (id, business_id, slug, name, protocol, base_url, secret)
         values ($1, $2, 'gated', 'Gated', 'openai-chat', $3, $4)`,
        [id, businessId, `http://127.0.0.1:${port}/v1`, secret],
      );
      await sql(
        `insert into model_prices (id, business_id, provider, model, effective_from, tiers, source)
         select gen_random_uuid(), $1, 'gated', model, effective_from, tiers, 'test' from model_prices
          where provider = 'sandbox' and model = 'sandbox-script'`,
        [businessId],
      );
      await sql(`update agents set model = 'gated/sandbox-script' where id = $1`, [whose.agentId]);
      return whose;
    },
    async chat({ actor, agentId }, content) {
      const [runId] = await platform.chat({ actor, agentId, content });
      return runId as string;
    },
    callsOf: async (runId) =>
      (await sql('select id from ledger where run_id = $1 order by created_at', [runId])) as { id: string }[],
    requestsOf: async (said) =>
      (await platform.sandbox.requests()).filter(({ body }) => JSON.stringify(body).includes(said)),
    async traceOf(runId) {
      const [run] = await sql(
        `select r.epoch, r.crashes, r.status || ': ' || m.content as reply
           from runs r join messages m on m.id = r.reply_id where r.id = $1`,
        [runId],
      );
      const calls = (await sql(
        `select id, 'epoch ' || epoch || ', turn ' || turn || ': ' || outcome as told from ledger
          where run_id = $1 order by created_at`,
        [runId],
      )) as { id: string; told: string }[];
      const sent = new Set((await platform.sandbox.requests()).map((request) => request.clientRequestId));
      return {
        ...(run as Omit<Trace, 'calls'>),
        calls: calls.map(({ id, told }) => (sent.has(id) ? told : `${told}, not sent`)),
      };
    },
  };
}
