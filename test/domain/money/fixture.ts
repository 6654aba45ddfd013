import { putBudget, type BudgetWrite } from '../../../domain/budgets/put';
import type { GrantedHold, HoldRequest } from '../../../domain/money/held-call';
import { holdCall } from '../../../domain/money/hold';
import { parseNano } from '../../../domain/money/nano';
import { NO_USAGE, type TokenUsage } from '../../../domain/money/usage';
import { newId } from '../../../lib/ids';
import { createWorld, type Person, type World } from '../../realtime/fixture';
import { addTalk, type Talk } from '../../realtime/talk';

/** A business with an admin, a manager and a member, and a price of $1 in and $1 out per million tokens. */
export interface MoneyWorld extends World {
  businessId: string;
  admin: Person;
  manager: Person;
  member: Person;
  agentId: string;
  /** A run of the member's, in some worker's hands under epoch 1, of which calls are made unless told otherwise. */
  run: Talk;
  addRun(): Promise<Talk>;
  /** A call of {@link run} to the agent: at most 100 tokens in and 900 out, so $0.001, unless told otherwise. */
  request(overrides?: Partial<HoldRequest>): HoldRequest;
  /** Holds a call. @throws Error where it is not granted */
  hold(overrides?: Partial<HoldRequest>): Promise<GrantedHold>;
  setBudget(overrides?: Partial<BudgetWrite>): ReturnType<typeof putBudget>;
  /** What budget_periods holds, as the tables' owner sees it, in nano-dollars. */
  figures(): Promise<{ spent: bigint; held: bigint }[]>;
}

export const usage = (overrides: Partial<TokenUsage> = {}): TokenUsage => ({ ...NO_USAGE, ...overrides });

const RATE = parseNano('1').toString();
export const FLAT_TIER = {
  aboveInputTokens: 0,
  input: RATE,
  cacheRead: RATE,
  cacheWrite5m: RATE,
  cacheWrite1h: RATE,
  output: RATE,
  reasoning: RATE,
};

export async function createMoneyWorld(): Promise<MoneyWorld> {
  const world = await createWorld();
  const { db, sql } = world;
  const businessId = await world.addBusiness();
  const admin = await world.addPerson(businessId, 'admin');
  const manager = await world.addPerson(businessId, 'manager');
  const member = await world.addPerson(businessId, 'member');
  const agentId = newId();
  await sql(
    `insert into agents (id, business_id, name, type, model, max_tokens)
     values ($1, $2, 'Ada', 'assistant', 'test/flat', 900)`,
    [agentId, businessId],
  );
  await sql(
    `insert into model_prices (id, provider, model, effective_from, tiers, source)
     values ($1, 'test', 'flat', 'epoch', $2, 'test')`,
    [newId(), JSON.stringify([FLAT_TIER])],
  );
  const addRun = async () => {
    const talk = await addTalk(world, member, agentId);
    await sql(`update runs set status = 'running', epoch = 1 where id = $1`, [talk.runId]);
    return talk;
  };
  const run = await addRun();
  const request: MoneyWorld['request'] = (overrides) => ({
    businessId,
    userId: member.userId,
    agentId,
    runId: run.runId,
    conversationId: run.conversationId,
    epoch: 1,
    turn: 1,
    attempt: 1,
    purpose: 'reply',
    provider: 'test',
    model: 'flat',
    inputBound: 100,
    outputCap: 900,
    requestId: 'request',
    ...overrides,
  });
  return {
    ...world,
    businessId,
    admin,
    manager,
    member,
    agentId,
    run,
    addRun,
    request,
    async hold(overrides) {
      const outcome = await holdCall(db, request(overrides));
      if (!('granted' in outcome)) throw new Error(`Not granted: ${JSON.stringify(outcome)}`);
      return outcome.granted;
    },
    setBudget: (overrides) =>
      putBudget(db, businessId, {
        scope: 'business',
        scopeId: null,
        period: 'month',
        hardLimit: null,
        softLimit: null,
        unfreeze: false,
        ifMatch: undefined,
        ...overrides,
      }),
    figures: async () =>
      (
        await sql(
          'select spent_nano::text as spent, held_nano::text as held from budget_periods order by 1, 2',
        )
      ).map(({ spent, held }) => ({ spent: BigInt(spent as string), held: BigInt(held as string) })),
  };
}
