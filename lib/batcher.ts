/** Items one batch takes at most: beyond this a statement's latency grows faster than its throughput. */
const MAX_BATCH = 64;

/**
 * Keys whose batches run at one time. The others wait and gather: of ten busy keys, ten batches of three cost
 * Postgres a third more than four of eight.
 */
const MAX_RUNNING = 4;

export interface BatcherOptions<Item, Result> {
  /** Answers the items in their order. No two of them have the same `idOf`. */
  run: (key: string, items: readonly Item[]) => Promise<readonly Result[]>;
  /** What may stand in a batch only once; the second waits for the next batch, or shares the first's answer. */
  idOf: (item: Item) => string;
  /**
   * Items of one id that wait together get one answer: for reads. Whoever asks once the batch has gone is in the
   * next one, so that nobody is answered with what was read before they asked.
   */
  share?: boolean;
}

interface Waiting<Item, Result> {
  item: Item;
  resolve: (result: Result) => void;
  reject: (error: unknown) => void;
  answer: Promise<Result>;
}

/**
 * Runs together what is asked together, per key: a lone item goes at once, and what comes while one batch is under
 * way is the next one. So it costs no latency, and under load one statement and one commit serve many.
 *
 * A batch that fails is run again item by item, so that nobody fails for another's sake. `run` must be a
 * transaction: all or nothing.
 */
export function createBatcher<Item, Result>({ run, idOf, share = false }: BatcherOptions<Item, Result>) {
  const queues = new Map<string, Waiting<Item, Result>[]>();

  function takeBatch(queue: Waiting<Item, Result>[]): Waiting<Item, Result>[] {
    const ids = new Set<string>();
    const batch: Waiting<Item, Result>[] = [];
    const rest: Waiting<Item, Result>[] = [];
    for (const waiting of queue) {
      const id = idOf(waiting.item);
      if (batch.length < MAX_BATCH && !ids.has(id)) batch.push(waiting);
      else rest.push(waiting);
      ids.add(id);
    }
    queue.splice(0, queue.length, ...rest);
    return batch;
  }

  async function runBatch(key: string, batch: Waiting<Item, Result>[]): Promise<void> {
    try {
      const results = await run(
        key,
        batch.map(({ item }) => item),
      );
      batch.forEach(({ resolve }, index) => resolve(results[index] as Result));
    } catch (error) {
      if (batch.length === 1) batch[0]?.reject(error);
      else for (const waiting of batch) await runBatch(key, [waiting]);
    }
  }

  let running = 0;
  /** Keys with work that none of the running batches is for, the longest waiting first. */
  const ready: string[] = [];

  async function drain(): Promise<void> {
    running += 1;
    for (let key = ready.shift(); key !== undefined; key = ready.shift()) {
      const queue = queues.get(key) ?? [];
      await runBatch(key, takeBatch(queue));
      if (queue.length > 0) ready.push(key);
      else queues.delete(key);
    }
    running -= 1;
  }

  return (key: string, item: Item): Promise<Result> => {
    const queue = queues.get(key);
    const twin = share ? queue?.find((waiting) => idOf(waiting.item) === idOf(item)) : undefined;
    if (twin) return twin.answer;
    const waiting = waitingFor<Item, Result>(item);
    if (queue) queue.push(waiting);
    else {
      queues.set(key, [waiting]);
      ready.push(key);
      if (running < MAX_RUNNING) void drain();
    }
    return waiting.answer;
  };
}

function waitingFor<Item, Result>(item: Item): Waiting<Item, Result> {
  const waiting: Partial<Waiting<Item, Result>> = { item };
  waiting.answer = new Promise<Result>((resolve, reject) => Object.assign(waiting, { resolve, reject }));
  return waiting as Waiting<Item, Result>;
}

export type Batcher<Item, Result> = (key: string, item: Item) => Promise<Result>;
