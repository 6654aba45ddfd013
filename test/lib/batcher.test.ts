import { createBatcher } from '../../lib/batcher';

/** A batch's run that the test ends when it wants to. */
function held<Item>() {
  const batches: { items: readonly Item[]; end: () => void; fail: (error: Error) => void }[] = [];
  const run = (_key: string, items: readonly Item[]) =>
    new Promise<readonly string[]>((resolve, reject) => {
      batches.push({
        items,
        end: () => resolve(items.map((item) => `answer ${String(item)}`)),
        fail: reject,
      });
    });
  return { batches, run };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('createBatcher', () => {
  it('sends a lone item at once and collects what comes meanwhile', async () => {
    const { batches, run } = held<string>();
    const ask = createBatcher({ run, idOf: (item: string) => item });
    const first = ask('k', 'a');
    const rest = [ask('k', 'b'), ask('k', 'c')];
    expect(batches.map(({ items }) => items)).toEqual([['a']]);
    batches[0]?.end();
    await expect(first).resolves.toBe('answer a');
    await settled();
    expect(batches[1]?.items).toEqual(['b', 'c']);
    batches[1]?.end();
    await expect(Promise.all(rest)).resolves.toEqual(['answer b', 'answer c']);
  });

  it('keeps keys apart', () => {
    const { batches, run } = held<string>();
    const ask = createBatcher({ run, idOf: (item: string) => item });
    void ask('one', 'a');
    void ask('other', 'b');
    expect(batches.map(({ items }) => items)).toEqual([['a'], ['b']]);
  });

  it('lets an id stand in a batch only once', async () => {
    const { batches, run } = held<string>();
    const ask = createBatcher({ run, idOf: (item: string) => item });
    const asked = [ask('k', 'x'), ask('k', 'a'), ask('k', 'a'), ask('k', 'b')];
    for (let index = 0; index < 3; index += 1) {
      batches[index]?.end();
      await settled();
    }
    await Promise.all(asked);
    expect(batches.map(({ items }) => items)).toEqual([['x'], ['a', 'b'], ['a']]);
  });

  it('shares an answer only between those who asked before the batch went', async () => {
    const { batches, run } = held<string>();
    const ask = createBatcher({ run, idOf: (item: string) => item, share: true });
    const underWay = ask('k', 'a');
    const waiting = [ask('k', 'a'), ask('k', 'a')];
    expect(batches.map(({ items }) => items)).toEqual([['a']]);
    batches[0]?.end();
    await underWay;
    await settled();
    expect(batches[1]?.items).toEqual(['a']);
    const late = ask('k', 'a');
    batches[1]?.end();
    await Promise.all(waiting);
    await settled();
    expect(batches[2]?.items).toEqual(['a']);
    batches[2]?.end();
    await late;
  });

  it('fails nobody for another’s sake', async () => {
    const ask = createBatcher({
      idOf: (item: string) => item,
      run: async (_key, items: readonly string[]) => {
        if (items.includes('bad')) throw new Error('bad');
        return items;
      },
    });
    const results = await Promise.allSettled([ask('k', 'x'), ask('k', 'a'), ask('k', 'bad'), ask('k', 'b')]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
  });
});
