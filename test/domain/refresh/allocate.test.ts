import { allocate, type Contender } from '../../../domain/refresh/allocate';
import { between, seeded } from './random';

const contender = (businessId: string, options: Partial<Contender> = {}): Contender => ({
  businessId,
  due: 1_000,
  inFlight: 0,
  virtualTime: 0,
  weight: 1,
  ...options,
});

const takeOf = (result: { businessId: string; take: number }[], businessId: string): number =>
  result.find((allocation) => allocation.businessId === businessId)?.take ?? 0;

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

function randomContenders(random: () => number, most: number): Contender[] {
  return Array.from({ length: between(random, 1, most) }, (_, index) =>
    contender(`b${index}`, {
      due: random() < 0.2 ? 0 : between(random, 1, random() < 0.5 ? 3 : 500),
      inFlight: random() < 0.5 ? 0 : between(random, 0, 20),
      virtualTime: random() * 10 ** between(random, 0, 6),
      weight: between(random, 1, 100),
    }),
  );
}

/** Businesses whose refreshes end in random order while each has always more to do. */
function simulate(random: () => number, businesses: Contender[], slots: number, ends: number) {
  const given = new Map(businesses.map(({ businessId }) => [businessId, 0]));
  const underWay: Contender[] = [];
  for (let ended = 0; ended < ends; ended += 1) {
    for (const { businessId, take, virtualTime } of allocate(businesses, slots, underWay.length)) {
      const business = businesses.find((candidate) => candidate.businessId === businessId);
      if (!business) throw new Error('An allocation for nobody.');
      business.virtualTime = virtualTime;
      business.inFlight += take;
      given.set(businessId, (given.get(businessId) ?? 0) + take);
      for (let taken = 0; taken < take; taken += 1) underWay.push(business);
    }
    const [over] = underWay.splice(between(random, 0, underWay.length - 1), 1);
    if (over) over.inFlight -= 1;
  }
  return given;
}

describe('allocate', () => {
  it('gives a business alone two thirds, and two of them two fifths each', () => {
    expect(allocate([contender('a')], 96, 0)).toEqual([{ businessId: 'a', take: 64, virtualTime: 64 }]);
    const both = allocate([contender('a'), contender('b')], 95, 0);
    expect([takeOf(both, 'a'), takeOf(both, 'b')]).toEqual([38, 38]);
  });

  it('holds its bounds whatever the state it finds', () => {
    const random = seeded(1);
    const broken: object[] = [];
    for (let round = 0; round < 1_000; round += 1) {
      const contenders = randomContenders(random, 30);
      const slots = between(random, 3, 200);
      const held = sum(contenders.map(({ inFlight }) => inFlight));
      const result = allocate(contenders, slots, held);
      const taken = sum(result.map(({ take }) => take));
      const after = contenders.map((state) => ({ ...state, take: takeOf(result, state.businessId) }));
      const waiting = after.filter(({ due, take }) => take < due);
      for (const { businessId, due, inFlight, take } of after) {
        const othersWait = waiting.some((other) => other.businessId !== businessId);
        const isWithinHalf = inFlight + take <= Math.floor(slots / 2);
        const someFree = held + taken < slots;
        if (take > due) broken.push({ round, rule: 'takes what is not due' });
        if (take > 0 && othersWait && !isWithinHalf) broken.push({ round, rule: 'half while another waits' });
        if (someFree && due > 0 && inFlight + take === 0)
          broken.push({ round, rule: 'nothing, though free' });
      }
      if (taken > Math.max(0, slots - held)) broken.push({ round, rule: 'more than is free' });
    }
    expect(broken).toEqual([]);
  });

  it('leaves something free for whoever comes next', () => {
    const random = seeded(2);
    for (let round = 0; round < 200; round += 1) {
      const slots = between(random, 8, 200);
      const contenders = randomContenders(random, Math.floor(slots / 4)).map((state) => ({
        ...state,
        inFlight: 0,
        weight: 1,
      }));
      const taken = sum(allocate(contenders, slots, 0).map(({ take }) => take));
      expect(taken).toBeLessThan(slots);
    }
  });

  it('gives a business that comes in its first slot at once, however much another holds', () => {
    const [first] = allocate([contender('big', { due: 10_000 })], 96, 0);
    const inFlight = first?.take ?? 0;
    const next = allocate(
      [contender('big', { due: 9_936, inFlight, virtualTime: 64 }), contender('small', { due: 1 })],
      96,
      inFlight,
    );
    expect(takeOf(next, 'small')).toBe(1);
  });

  it('follows the weights where there is not enough for everyone', () => {
    const businesses = Array.from({ length: 60 }, (_, index) =>
      contender(`b${index}`, { weight: index === 0 ? 3 : 1 }),
    );
    const given = simulate(seeded(3), businesses, 12, 6_000);
    const others = [...given].filter(([businessId]) => businessId !== 'b0').map(([, count]) => count);
    const ratio = (given.get('b0') ?? 0) / (sum(others) / others.length);
    expect(ratio).toBeGreaterThan(2.7);
    expect(ratio).toBeLessThan(3.3);
  });

  it.each([
    ['was idle', 0],
    ['had little to do, though always something', 1],
  ])('gives no credit to a business that %s while the others worked', (_, inFlight) => {
    const businesses = Array.from({ length: 30 }, (__, index) =>
      contender(`b${index}`, index === 0 ? { inFlight } : { inFlight: 0, virtualTime: 100_000 }),
    );
    const given = simulate(seeded(4), businesses, 12, 1_500);
    const counts = [...given.values()];
    // What it may be ahead by is a round, not the 100,000 turns that it never asked for.
    expect((given.get('b0') ?? 0) - sum(counts) / counts.length).toBeLessThan(3);
  });

  it('holds nothing against a business that worked while nobody else wanted to', () => {
    const businesses = Array.from({ length: 30 }, (_, index) =>
      contender(`b${index}`, index === 0 ? { virtualTime: 100_000 } : { inFlight: index === 1 ? 1 : 0 }),
    );
    const given = simulate(seeded(5), businesses, 12, 1_500);
    const counts = [...given.values()];
    expect(sum(counts) / counts.length - (given.get('b0') ?? 0)).toBeLessThan(5);
  });
});
