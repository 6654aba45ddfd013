import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';
import { putBudget, type BudgetWrite } from '../../domain/budgets/put';
import { costOf } from '../../domain/money/price';
import { NANO_PER_DOLLAR, parseNano } from '../../domain/money/nano';
import { NO_USAGE } from '../../domain/money/usage';
import { newId } from '../../lib/ids';
import { scripted } from '../support/sandbox';
import { openPlatform, type Platform, type RunStanding } from './platform';

jest.setTimeout(300_000);

const RUNS = 300;
const WORKERS = 3;
/** At $10 per million a cent for each answer: 300 of them want three dollars. */
const OUTPUT_CAP = 1_000;
const [IN, OUT] = [parseNano('1'), parseNano('10')];
const TIER = {
  aboveInputTokens: 0,
  input: IN,
  cacheRead: IN,
  cacheWrite5m: IN,
  cacheWrite1h: IN,
  output: OUT,
  reasoning: OUT,
} as const;
/** So that calls overlap: the money is in many hands when it runs out. */
const TOKENS_PER_SECOND = 500;
const BIG = scripted({ useWholeCap: true, tokensPerSecond: TOKENS_PER_SECOND });

/** Another length of a day, so that a test sees it turn: `date_trunc` in seconds of the clock. */
const SHORT_DAY_SECONDS = 4;

/** Every state that a budget's figures ever had, by a trigger: no write goes by unseen. */
const RECORD_EVERY_WRITE = `
  create table seen_figures (budget_id uuid, period_start timestamptz, billed bigint, held bigint);
  create function see_figures() returns trigger language plpgsql security definer set search_path = public as $$
  begin
    insert into seen_figures values (new.budget_id, new.period_start, new.spent_nano + new.held_nano, new.held_nano);
    return null;
  end $$;
  create trigger see_figures after insert or update on budget_periods for each row execute function see_figures()`;

const SHORTEN_DAYS = `
  create or replace function period_start(period text, zone text, at timestamptz) returns timestamptz
    language sql stable parallel safe
    return date_bin('${SHORT_DAY_SECONDS} s', at, 'epoch');
  create or replace function period_end(period text, zone text, at timestamptz) returns timestamptz
    language sql stable parallel safe
    return period_start(period, zone, at) + interval '${SHORT_DAY_SECONDS} s'`;

/** Between two samples, ms: those who are watched need the cores, too. */
const LOOK_EVERY_MS = 10;

interface Sample {
  /** What the ledger says is spent or may be spent, beside what the budgets' own figures say. */
  ledger: bigint;
  budgets: bigint[];
}

let platform: Platform;
beforeEach(async () => {
  platform = await openPlatform();
  await platform.sql(RECORD_EVERY_WRITE);
});
afterEach(() => platform.close());

const setBudget = (write: Partial<BudgetWrite>) =>
  putBudget(platform.db, platform.businessId, {
    scope: 'business',
    scopeId: null,
    period: 'month',
    softLimit: null,
    hardLimit: null,
    unfreeze: false,
    ifMatch: undefined,
    ...write,
  });

/** Looks again and again, on a connection of its own, until told to stop. */
async function watch(isOver: () => boolean): Promise<Sample[]> {
  const client = new Client({ connectionString: platform.url });
  await client.connect();
  const samples: Sample[] = [];
  while (!isOver()) {
    await pause(LOOK_EVERY_MS);
    const { rows } = await client.query<{ ledger: string; budgets: string[] }>(
      `select (select coalesce(sum(case status when 'held' then hold_nano else cost_nano end), 0)::text from ledger)
                as ledger,
              array(select (spent_nano + held_nano)::text from budget_periods) as budgets`,
    );
    samples.push(
      ...rows.map(({ ledger, budgets }) => ({ ledger: BigInt(ledger), budgets: budgets.map(BigInt) })),
    );
  }
  await client.end();
  return samples;
}

/** Runs at once, on worker processes that have a slot for each, and what was seen meanwhile. */
async function spend(count: number, workers: number): Promise<{ runs: RunStanding[]; samples: Sample[] }> {
  const agentId = platform.agentId;
  await platform.sql(
    `update agents set model = 'sandbox/sandbox-script', fallback_models = '{}', tools = '{}', max_tokens = $1`,
    [OUTPUT_CAP],
  );
  await Promise.all(
    Array.from({ length: workers }, () => platform.startWorker({ AGENT_SLOTS: String(count / workers) })),
  );
  // Behind what the workers seed as they start.
  await platform.sql(
    `insert into model_prices (id, provider, model, effective_from, tiers, source)
     values ($1, 'sandbox', 'sandbox-script', now(), $2, 'test')`,
    [
      newId(),
      JSON.stringify([TIER], (_, value: unknown) => (typeof value === 'bigint' ? `${value}` : value)),
    ],
  );
  let isOver = false;
  const watching = watch(() => isOver);
  try {
    const ids = await platform.chat(...Array.from({ length: count }, () => ({ content: BIG, agentId })));
    const runs = await platform.ended(ids);
    return { runs, samples: await ((isOver = true), watching) };
  } finally {
    isOver = true;
    await watching;
  }
}

const nanoOf = async (text: string): Promise<bigint[]> =>
  (await platform.sql(text)).map(({ nano }) => BigInt(nano as string));

/** What the sandbox would write on its bill, each request at the price of the table. */
async function billOf(): Promise<bigint> {
  const price = { id: '', provider: '', model: '', effectiveFrom: new Date(0), tiers: [TIER] as const };
  const requests = await platform.sandbox.requests();
  return requests.reduce((sum, { billed }) => {
    if (!billed) return sum;
    return sum + costOf({ ...NO_USAGE, input: billed.input, outputText: billed.output }, price);
  }, 0n);
}

/** What holds however many budgets there are: nothing is left in anyone's hands, and the books are the bill. */
async function expectBooksAreTheBill(runs: readonly RunStanding[]): Promise<void> {
  expect(await platform.sql('select from ledger_holds')).toEqual([]);
  expect(await platform.sql(`select from ledger where status = 'held'`)).toEqual([]);
  expect(await platform.sql('select from budget_periods where held_nano <> 0')).toEqual([]);
  const [booked] = await nanoOf('select coalesce(sum(cost_nano), 0)::text as nano from ledger');
  expect(booked).toBe(await billOf());
  const answered = runs.filter(({ status }) => status === 'completed');
  const asked = (await platform.sandbox.requests()).map(({ clientRequestId }) => clientRequestId);
  // What never left us (no connection came about, its worker had to hand it back) has a row, and costs nothing.
  const calls = (await platform.sql(`select id from ledger where outcome <> 'unsent'`)).map(({ id }) => id);
  expect(asked.toSorted()).toEqual(calls.toSorted());
  // A cap that the money left had shrunk is what ended the last ones, and their person is told.
  for (const { reason, reply } of answered) {
    expect(reply).not.toBe('');
    expect(reason).toMatch(/tokens/);
  }
}

describe.each([
  ['the business', []],
  ['the business, the member and the agent at once', ['member', 'agent']],
] as const)('300 runs at once on three workers under a dollar of %s', (_, others) => {
  it('never bill more at any moment, and use it up', async () => {
    await setBudget({ hardLimit: NANO_PER_DOLLAR });
    for (const scope of others) {
      const scopeId = scope === 'agent' ? platform.agentId : platform.ann.userId;
      await setBudget({ scope, scopeId, hardLimit: NANO_PER_DOLLAR });
    }
    const { runs, samples } = await spend(RUNS, WORKERS);

    expect(samples.length).toBeGreaterThan(100);
    for (const { ledger, budgets } of samples) {
      expect(ledger).toBeLessThanOrEqual(NANO_PER_DOLLAR);
      for (const figure of budgets) expect(figure).toBeLessThanOrEqual(NANO_PER_DOLLAR);
    }
    const written = await nanoOf('select billed::text as nano from seen_figures');
    expect(written.length).toBeGreaterThan(2 * runs.filter(({ status }) => status === 'completed').length);
    for (const figure of written) expect(figure).toBeLessThanOrEqual(NANO_PER_DOLLAR);
    // Calls did overlap: the money was in several hands that had not spent it yet.
    const [mostHeld] = await nanoOf('select max(held)::text as nano from seen_figures');
    expect(mostHeld).toBeGreaterThan(NANO_PER_DOLLAR / 20n);

    const bill = await billOf();
    expect(bill).toBeLessThanOrEqual(NANO_PER_DOLLAR);
    expect(bill * 100n).toBeGreaterThanOrEqual(NANO_PER_DOLLAR * 95n);
    expect(await nanoOf('select spent_nano::text as nano from budget_periods')).toEqual(
      Array.from({ length: 1 + others.length }, () => bill),
    );
    const refused = runs.filter(({ status }) => status !== 'completed');
    expect(refused.length).toBeGreaterThan(RUNS / 2);
    for (const run of refused) {
      expect(run).toMatchObject({ status: 'failed', replyStatus: 'failed', reasonCode: 'budget_exhausted' });
      expect(run.reason).toMatch(/budget .*leaves no room for this call\. It renews on /);
    }
    await expectBooksAreTheBill(runs);
  });
});

it('runs at once over the turn of a period never bill more in either', async () => {
  await platform.sql(SHORTEN_DAYS);
  const limit = NANO_PER_DOLLAR / 5n;
  await setBudget({ hardLimit: limit, period: 'day' });
  const { runs } = await spend(60, 2);
  const written = await nanoOf('select billed::text as nano from seen_figures');
  for (const figure of written) expect(figure).toBeLessThanOrEqual(limit);
  const spent = await nanoOf('select spent_nano::text as nano from budget_periods order by period_start');
  expect(spent.filter((nano) => nano > 0n).length).toBeGreaterThan(1);
  expect(spent.reduce((sum, nano) => sum + nano, 0n)).toBe(await billOf());
  await expectBooksAreTheBill(runs);
});
