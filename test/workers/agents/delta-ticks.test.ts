import { setImmediate as turn } from 'node:timers/promises';
import { newId } from '../../../lib/ids';
import { beginFlow, type Flow } from '../../../workers/agents/delta-ticks';

let flows: Flow[] = [];
afterEach(() => {
  for (const flow of flows) flow.end();
  flows = [];
});

const begin = (userId: string): Flow => {
  const flow = beginFlow(userId);
  flows.push(flow);
  return flow;
};

/** Counts turns of the event loop until it is told to stop. */
function countTurns() {
  const seen = { turns: 0, isOver: false };
  void (async () => {
    while (!seen.isOver) {
      await turn();
      seen.turns += 1;
    }
  })();
  return seen;
}

describe('the moments at which pieces leave', () => {
  it('are one for all replies of a person, behind all their readings', async () => {
    const userId = newId();
    const done: string[] = [];
    await Promise.all(
      ['a', 'b', 'c'].map(async (name) => {
        await begin(userId).next(() => void done.push(`${name} reads`));
        done.push(`${name} leaves`);
      }),
    );
    expect(done).toEqual(['a reads', 'b reads', 'c reads', 'a leaves', 'b leaves', 'c leaves']);
  });

  it.each([
    { replies: 4, most: 1 },
    { replies: 80, most: 20 },
  ])('spread $replies readings over turns of the event loop, $most in one', async ({ replies, most }) => {
    const userId = newId();
    const seen = countTurns();
    const turns: number[] = [];
    await Promise.all(
      Array.from({ length: replies }, () => begin(userId).next(() => void turns.push(seen.turns))),
    );
    const left = seen.turns;
    seen.isOver = true;
    const perTurn = [...new Set(turns)].map((number) => turns.filter((other) => other === number).length);
    expect(turns).toHaveLength(replies);
    expect(Math.max(...perTurn)).toBe(most);
    // What the last one brings comes in the turn behind it.
    expect(left).toBeGreaterThan(Math.max(...turns));
  });

  it('are spread over the people', async () => {
    // As many as there are moments, whoever they are.
    const moments = new Set<number>();
    const seen = countTurns();
    await Promise.all(
      Array.from({ length: 16 }, async () => {
        await begin(newId()).next();
        moments.add(seen.turns);
      }),
    );
    seen.isOver = true;
    expect(moments.size).toBe(16);
  });
});
