import { setImmediate as nextTurn } from 'node:timers/promises';
import { createMoneyLane, type MoneyWork } from '../../../workers/agents/money-lane';

/** Work that ends when the test says so, and tells in which order it began. */
function createWork() {
  const lane = createMoneyLane();
  const begun: string[] = [];
  const ends = new Map<string, (error?: Error) => void>();
  return {
    begun,
    /** What can begin or end has, once this resolves. */
    settled: () => nextTurn(),
    start: (name: string, kind: MoneyWork, businessId = 'a') =>
      lane(businessId, kind, () => {
        begun.push(name);
        return new Promise<string>((resolve, reject) => {
          ends.set(name, (error) => (error ? reject(error) : resolve(name)));
        });
      }),
    end: (name: string, error?: Error) => ends.get(name)?.(error),
  };
}

it('lets two of a business in, and what settles before what holds', async () => {
  const { start, end, begun, settled } = createWork();
  const first = start('hold 1', 'hold');
  const second = start('hold 2', 'hold');
  const third = start('hold 3', 'hold');
  const settlement = start('settlement', 'settlement');
  await settled();
  expect(begun).toEqual(['hold 1', 'hold 2']);
  end('hold 1');
  expect(await first).toBe('hold 1');
  await settled();
  expect(begun).toEqual(['hold 1', 'hold 2', 'settlement']);
  end('settlement');
  expect(await settlement).toBe('settlement');
  await settled();
  expect(begun.at(-1)).toBe('hold 3');
  end('hold 2');
  end('hold 3');
  expect(await Promise.all([second, third])).toEqual(['hold 2', 'hold 3']);
});

it('lets more in once a hold says that no budget applies, until one says that one does', async () => {
  const lane = createMoneyLane();
  const begun: number[] = [];
  const ends: (() => void)[] = [];
  const hold = (hasBudget: boolean) =>
    lane(
      'a',
      'hold',
      () => {
        begun.push(begun.length);
        return new Promise<boolean>((resolve) => ends.push(() => resolve(hasBudget)));
      },
      (result) => result,
    );
  const all = [hold(false), hold(false), ...Array.from({ length: 7 }, (_, index) => hold(index === 3))];
  await nextTurn();
  expect(begun).toHaveLength(2);
  ends[0]?.();
  await nextTurn();
  expect(begun).toHaveLength(6);
  // The sixth that began says that a budget applies: those at work end, and nobody else begins above two.
  ends[5]?.();
  await nextTurn();
  expect(begun).toHaveLength(6);
  for (let ended = 1; ended < all.length; ended += 1) {
    ends[ended]?.();
    await nextTurn();
  }
  await Promise.all(all);
  expect(begun).toHaveLength(9);
});

it('does not make one business wait for another', async () => {
  const { start, end, begun, settled } = createWork();
  const busy = ['1', '2', '3'].map((name) => start(name, 'hold'));
  const other = start('other', 'hold', 'b');
  await settled();
  expect(begun).toEqual(['1', '2', 'other']);
  end('other');
  expect(await other).toBe('other');
  for (const [index, name] of ['1', '2', '3'].entries()) {
    await settled();
    end(name);
    expect(await busy[index]).toBe(name);
  }
});

it('gives the place of work that failed to the next', async () => {
  const { start, end, begun, settled } = createWork();
  const all = ['1', '2', '3'].map((name) => start(name, 'hold'));
  await settled();
  end('1', new Error('Postgres is away.'));
  await expect(all[0]).rejects.toThrow('away');
  await settled();
  expect(begun).toEqual(['1', '2', '3']);
  end('2');
  end('3');
  expect(await Promise.all(all.slice(1))).toEqual(['2', '3']);
});
