import { setTimeout as sleep } from 'node:timers/promises';

const LIMIT_MS = 30_000;
const LOOK_EVERY_MS = 20;

/**
 * Waits for a state that announces itself by no event: repeats `look` until it neither throws nor gives a falsy
 * value. After 30 s the last error, or one that says `what`, is thrown.
 */
export async function eventually<T>(what: string, look: () => T | Promise<T>): Promise<NonNullable<T>> {
  const begun = performance.now();
  for (;;) {
    let problem: unknown = new Error(`This did not come about within ${LIMIT_MS} ms: ${what}`);
    try {
      const result = await look();
      if (result) return result;
    } catch (error) {
      problem = error;
    }
    if (performance.now() - begun > LIMIT_MS) throw problem;
    await sleep(LOOK_EVERY_MS);
  }
}
