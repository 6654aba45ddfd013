import pino from 'pino';
import { openBroker, type Broker } from '../../../lib/broker';
import type { Actor } from '../../../domain/roles';
import type { HttpError } from '../../../lib/errors';
import { RATE_LIMITS, createRateLimits, type RateLimits } from '../../../server/http/rate-limits';
import { createSharedCounts } from '../../../server/http/shared-counts';
import { newId } from '../../../lib/ids';
import { eventually } from '../../support/eventually';
import { createTestRedis, startRedis } from '../../support/redis';

const logger = pino({ level: 'silent' });
const brokers: Broker[] = [];
const open = (redisUrl?: string) => {
  const broker = openBroker({ databaseUrl: 'postgres://nobody@127.0.0.1:1/none', redisUrl, logger });
  brokers.push(broker);
  return broker;
};
afterAll(() => Promise.all(brokers.map((broker) => broker.close())));

/** What a server process holds of the limits; with the same Redis, two of them are two processes. */
async function processOn(redisUrl?: string): Promise<RateLimits> {
  const broker = open(redisUrl);
  await broker.ready();
  return createRateLimits({ broker, logger });
}

const actor = (overrides: Partial<Actor> = {}): Actor => ({
  userId: newId(),
  businessId: newId(),
  sessionId: newId(),
  role: 'member',
  operator: false,
  emailVerified: true,
  apiKey: null,
  ...overrides,
});

/** How many of these requests are let through. */
function passed(limits: RateLimits, who: Actor, requests: number): number {
  let count = 0;
  for (let sent = 0; sent < requests; sent += 1) {
    try {
      limits.countRequest(who);
      count += 1;
    } catch (error) {
      if ((error as HttpError).status !== 429) throw error;
    }
  }
  return count;
}

async function refusalOf(work: () => unknown): Promise<HttpError> {
  try {
    await work();
  } catch (error) {
    return error as HttpError;
  }
  throw new Error('It was let through.');
}

it('has the limits of the API', () => {
  expect(RATE_LIMITS).toEqual({
    login: { points: 10, seconds: 60 },
    register: { points: 5, seconds: 3_600 },
    passwordReset: { points: 3, seconds: 3_600 },
    mailRequest: { points: 20, seconds: 3_600 },
    user: { points: 300, seconds: 60 },
    business: { points: 1_500, seconds: 60 },
    apiKey: { points: 600, seconds: 60 },
  });
});

describe.each(['memory', 'redis'] as const)('in %s', (store) => {
  let redis: { url: string; drop(): Promise<void> } | undefined;
  beforeAll(async () => {
    redis = store === 'redis' ? await createTestRedis() : undefined;
  });
  afterAll(async () => {
    await Promise.all(brokers.splice(0).map((broker) => broker.close()));
    await redis?.drop();
  });

  it('lets a person send so many requests, a key so many, and everybody in a business together so many', async () => {
    const limits = await processOn(redis?.url);
    const businessId = newId();
    const people = Array.from({ length: 4 }, () => actor({ businessId }));
    for (const person of people) expect(passed(limits, person, 301)).toBe(300);
    // A key does not count as its person, but as one of the business.
    const key = actor({ ...people[0], sessionId: null, apiKey: { id: newId(), scopes: [] } });
    expect(passed(limits, key, 601)).toBe(300);
    expect(passed(limits, actor({ businessId }), 1)).toBe(0);
    // Another business, even of the same person, has its own.
    expect(passed(limits, actor({ userId: key.userId }), 301)).toBe(300);
    const other = actor({ sessionId: null, apiKey: { id: newId(), scopes: [] } });
    expect(passed(limits, other, 601)).toBe(600);
    expect((await limits.show(other)).map(({ name, used }) => [name, used])).toEqual([
      ['apiKey', 600],
      ['business', 600],
    ]);
  });

  it('says when to come back, in words and in headers', async () => {
    const limits = await processOn(redis?.url);
    const who = actor();
    passed(limits, who, 300);
    const { status, code, message, headers } = await refusalOf(() => limits.countRequest(who));
    expect([status, code]).toEqual([429, 'rate_limited']);
    expect(message).toMatch(/^You can send 300 requests a minute\. Try again in \d+ s\.$/);
    const wait = Number(headers?.['Retry-After']);
    expect(wait).toBeGreaterThan(0);
    expect(wait).toBeLessThanOrEqual(60);
    expect(headers).toEqual({
      'Retry-After': String(wait),
      'RateLimit-Limit': '300',
      'RateLimit-Remaining': '0',
      'RateLimit-Reset': String(wait),
    });
  });

  it('counts tries before a login by who tries', async () => {
    const limits = await processOn(redis?.url);
    const caller = newId();
    for (const [name, points] of [
      ['login', 10],
      ['register', 5],
      ['passwordReset', 3],
      ['mailRequest', 20],
    ] as const) {
      for (let tried = 0; tried < points; tried += 1) await limits.countTry(name, caller);
      const { status, headers } = await refusalOf(() => limits.countTry(name, caller));
      expect([status, headers?.['RateLimit-Limit']]).toEqual([429, String(points)]);
      await limits.countTry(name, newId());
    }
  });
});

it('begins anew once the window is over', async () => {
  const counts = createSharedCounts('window', { points: 2, seconds: 1 }, { broker: open(), logger });
  expect([counts.take('a'), counts.take('a')]).toEqual([undefined, undefined]);
  const over = counts.take('a');
  expect(over?.used).toBe(2);
  expect(over?.msLeft).toBeLessThanOrEqual(1_000);
  await eventually('the next window', async () => counts.take('a') === undefined);
});

describe('two processes on one Redis', () => {
  let redis: { url: string; drop(): Promise<void> };
  let both: [RateLimits, RateLimits];
  beforeAll(async () => {
    redis = await createTestRedis();
    both = [await processOn(redis.url), await processOn(redis.url)];
  });
  afterAll(async () => {
    await Promise.all(brokers.splice(0).map((broker) => broker.close()));
    await redis.drop();
  });

  it('share the count of requests', async () => {
    const who = actor();
    expect([passed(both[0], who, 200), passed(both[1], who, 100)]).toEqual([200, 100]);
    // A third one asks Redis; the two have to tell it by themselves.
    const third = await processOn(redis.url);
    await eventually('both to have told', async () => (await third.show(who))[0]?.used === 300);
    for (const limits of both) await eventually('a refusal', async () => passed(limits, who, 1) === 0);
    const [user, business] = await third.show(who);
    // Each may let one through before it hears of the other's.
    expect([user?.used ?? 0, business?.used ?? 0].every((used) => used >= 300 && used < 350)).toBe(true);
  });

  it('share the count of tries at once', async () => {
    const caller = newId();
    const tries = await Promise.allSettled(
      Array.from({ length: 40 }, (_, at) => both[at % 2 === 0 ? 0 : 1].countTry('login', caller)),
    );
    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(10);
  });
});

it.each(['gone', 'frozen'] as const)('counts per process while Redis is %s', async (how) => {
  const redis = await startRedis();
  const limits = await processOn(redis.url);
  const who = actor();
  expect(passed(limits, who, 10)).toBe(10);
  await eventually('Redis to know', async () => (await limits.show(who))[0]?.used === 10);
  if (how === 'gone') await redis.kill('SIGKILL');
  else process.kill(redis.pid, 'SIGSTOP');
  try {
    // Nobody waits for it, nobody is refused because of it, and nobody is without a limit.
    expect(passed(limits, who, 291)).toBe(290);
    const startedAt = Date.now();
    for (let tried = 0; tried < 5; tried += 1) await limits.countTry('register', 'a network');
    expect((await refusalOf(() => limits.countTry('register', 'a network'))).status).toBe(429);
    expect((await limits.show(who))[0]?.used).toBe(300);
    // Six tries and a look, each of which gives up after half a second.
    expect(Date.now() - startedAt).toBeLessThan(15_000);
  } finally {
    if (how === 'frozen') process.kill(redis.pid, 'SIGCONT');
    await Promise.all(brokers.splice(0).map((broker) => broker.close()));
    await redis.stop();
  }
});
