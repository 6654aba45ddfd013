import type * as childProcess from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { checkExpression } from '../../../domain/widgets/check-expression';
import { cpuTimeMs } from '../../../workers/sources/expression/cpu-time';
import type { ExpressionLimits } from '../../../workers/sources/expression/limits';
import { ExpressionPool } from '../../../workers/sources/expression/pool';

const pools: ExpressionPool[] = [];
function open(limits: Partial<ExpressionLimits> = {}): ExpressionPool {
  // Tests share their machine: a pool's processes may take long to be scheduled.
  const pool = new ExpressionPool({ queueMs: 60_000, startMs: 60_000, wallMs: 60_000, ...limits });
  pools.push(pool);
  return pool;
}
afterEach(() => pools.splice(0).forEach((pool) => pool.close()));

/** 46 characters, 10^10 visits over ten items, no memory: more than half a minute. */
const BURNING = `${'[?$'.repeat(9)}[?\`false\`]${']'.repeat(9)}`;
const TEN = Array.from({ length: 10 }, (_, index) => index);

describe('ExpressionPool', () => {
  test('selects and shapes', async () => {
    const data = {
      items: [
        { name: 'a', price: 2 },
        { name: 'b', price: 3 },
      ],
    };
    const pool = open();
    await expect(pool.evaluate('items[?price > `2`].name', data)).resolves.toEqual(['b']);
    await expect(pool.evaluate('{total: sum(items[].price), nothing: x}', data)).resolves.toEqual({
      total: 5,
      nothing: null,
    });
  });

  test('ends an expression that burns CPU, and goes on with the next', async () => {
    const pool = open({ cpuMs: 50 });
    await expect(pool.evaluate(BURNING, TEN)).rejects.toMatchObject({
      code: 'expression_too_slow',
      message: 'The select expression takes longer than 50 ms.',
      failure: 'retry',
    });
    await expect(pool.evaluate('[0]', [7])).resolves.toBe(7);
  });

  test.each([
    ['one large allocation', "split(pad_left(@, `100000000`, 'x'), '')"],
    ['a string taken apart', "pad_left(@, `100000000`, 'x')[::2]"],
    ['arrays that grow', `[@]${' | [@,@,@,@,@,@,@,@,@,@][]'.repeat(9)}`],
  ])('survives an expression that eats memory: %s', async (_how, expression) => {
    const pool = open({ cpuMs: 60_000 });
    await expect(pool.evaluate(expression, 'a')).rejects.toMatchObject({
      code: 'expression_too_large',
      message: 'The select expression needs more memory than it may use (64 MB).',
    });
    await expect(pool.evaluate('@', 'next')).resolves.toBe('next');
  });

  test('refuses a result that is too large', async () => {
    const pool = open({ resultCharacters: 1_000 });
    await expect(pool.evaluate("pad_left('', `10`)", null)).resolves.toBe('');
    await expect(pool.evaluate("pad_left('a', `500000000`, 'x')", null)).rejects.toMatchObject({
      code: 'result_too_large',
    });
    await expect(pool.evaluate('[@, @]', 'x'.repeat(600))).rejects.toMatchObject({
      code: 'result_too_large',
    });
  });

  test('a wrong expression pauses, one that does not fit the data does not', async () => {
    const pool = open();
    await expect(pool.evaluate('a[', {})).rejects.toMatchObject({
      code: 'expression_invalid',
      failure: 'pause',
    });
    await expect(pool.evaluate('sum(@)', ['a'])).rejects.toMatchObject({
      code: 'expression_failed',
      failure: 'retry',
      message: expect.stringContaining('sum() expected argument 1'),
    });
    await expect(pool.evaluate('constructor(@)', {})).rejects.toMatchObject({ code: 'expression_failed' });
    await expect(pool.evaluateJson('@', '{')).rejects.toMatchObject({ code: 'invalid_json' });
  });

  test('reaches no prototype, and leaves nothing for the next expression', async () => {
    const pool = open({ processes: 1 });
    const data = JSON.parse('{"__proto__": {"polluted": true}, "a": 1}');
    for (const expression of ['@', 'merge(`{}`, @)', '{"__proto__": `{"polluted": 1}`, a: a}']) {
      const value = await pool.evaluate(expression, data);
      expect(value).toEqual({ a: 1 });
      expect(value).not.toHaveProperty('polluted');
    }
    await expect(pool.evaluate('merge(__proto__, `{"b": 1}`).b', {})).rejects.toMatchObject({
      code: 'expression_failed',
    });
    await expect(pool.evaluate('[__proto__, constructor, toString, b, polluted]', {})).resolves.toEqual(
      Array(5).fill(null),
    );
    await expect(pool.evaluate('group_by(@, &k)', [{ k: '__proto__' }, { k: 'x' }])).resolves.toEqual({
      x: [{ k: 'x' }],
    });
  });

  /** The processes that are started from here on. */
  function watchStarts() {
    const spawn = jest.spyOn(jest.requireActual<typeof childProcess>('node:child_process'), 'spawn');
    started.push(spawn);
    return () => spawn.mock.results.map((result): childProcess.ChildProcess => result.value);
  }
  const started: jest.SpyInstance[] = [];
  afterEach(() => started.splice(0).forEach((spy) => spy.mockRestore()));

  const onLinux = process.platform === 'linux' ? test : test.skip;
  onLinux('an evaluator gets nothing of our environment', async () => {
    const children = watchStarts();
    await open().evaluate('@', 1);
    const environment = readFileSync(`/proc/${children()[0]?.pid}/environ`, 'utf8');
    expect(
      environment
        .split('\0')
        .map((entry) => entry.split('=')[0])
        .filter(Boolean)
        .sort(),
    ).toEqual(['NODE_CHANNEL_FD', 'NODE_CHANNEL_SERIALIZATION_MODE']);
  });

  onLinux('CPU time is read, and not of a process that is gone', () => {
    const { user, system } = process.cpuUsage();
    expect(cpuTimeMs(process.pid)).toBeGreaterThan((user + system) / 1000 - 100);
    expect(cpuTimeMs(2 ** 30)).toBeUndefined();
  });

  test('a process that was killed while idle is replaced', async () => {
    const children = watchStarts();
    const pool = open({ processes: 1 });
    await pool.evaluate('@', 1);
    const [first] = children();
    if (!first) throw new Error('No process was started.');
    first.kill('SIGKILL');
    await once(first, 'exit');
    await expect(pool.evaluate('@', 2)).resolves.toBe(2);
  });

  test('an evaluator ends a job by itself, for when its parent is gone', async () => {
    const children = watchStarts();
    const pool = open({ processes: 1, cpuMs: 60_000, wallMs: 50 });
    await expect(pool.evaluate(BURNING, TEN)).rejects.toMatchObject({ code: 'expression_too_slow' });
    await expect(pool.evaluate('@', 2)).resolves.toBe(2);
    expect(children()).toHaveLength(1);
  });

  test("one business's slow expressions leave the other process to everyone else", async () => {
    const pool = open({ cpuMs: 60_000 });
    const slow = [1, 2, 3].map(() => pool.evaluate(BURNING, TEN, { businessId: 'slow' }));
    await expect(pool.evaluate('@', 1, { businessId: 'quick' })).resolves.toBe(1);
    pool.close();
    await Promise.allSettled(slow);
  });

  test('refuses what waits too long', async () => {
    const pool = open({ processes: 1, queueMs: 1, cpuMs: 60_000 });
    const running = pool.evaluate(BURNING, TEN);
    await expect(pool.evaluate('@', 1)).rejects.toMatchObject({ code: 'expression_busy' });
    pool.close();
    await Promise.allSettled([running]);
  });

  test('refuses what one business piles up', async () => {
    const pool = open({ processes: 1, waitingPerBusiness: 1, cpuMs: 60_000 });
    const jobs = [BURNING, '@'].map((expression) => pool.evaluate(expression, TEN, { businessId: 'a' }));
    await expect(pool.evaluate('@', 1, { businessId: 'a' })).rejects.toMatchObject({
      code: 'expression_busy',
    });
    pool.close();
    await Promise.allSettled(jobs);
  });

  test('an abort ends the waiting, running or queued', async () => {
    const pool = open({ processes: 1, cpuMs: 300 });
    const controller = new AbortController();
    const jobs = [BURNING, '@'].map((expression) =>
      pool.evaluate(expression, TEN, { signal: controller.signal }),
    );
    controller.abort(new Error('stopping'));
    for (const job of jobs) await expect(job).rejects.toThrow('stopping');
    await expect(pool.evaluate('@', 1, { signal: controller.signal })).rejects.toThrow('stopping');
  });

  test('close fails what is under way and what comes after', async () => {
    const pool = open({ processes: 1 });
    const jobs = [pool.evaluate(BURNING, TEN), pool.evaluate('@', 1)].map((job) =>
      job.catch((error) => error.code),
    );
    pool.close();
    await expect(Promise.all(jobs)).resolves.toEqual(['expression_unavailable', 'expression_busy']);
    await expect(pool.evaluate('@', 1)).rejects.toMatchObject({ code: 'expression_busy' });
  });
});

describe('checkExpression', () => {
  test.each([
    'a',
    'a.b[0]',
    "[?a == 'x']",
    'sort_by(@, &a)',
    '@',
    '`{"type": "Function", "name": "x"}`',
    'let $a = b in $a',
  ])('takes %p', (expression) => expect(checkExpression(expression)).toBeUndefined());

  test.each([
    ['', 1],
    ['a[', 3],
    ['a.b..c', 5],
    ['a b', 3],
    ['foo(a, ', 8],
    ['a[?b == `1`', 12],
    ['a | #', 5],
    ['a."unfinished', 3],
    ['{a: b, c}', 9],
  ])('%p is wrong at character %i', (expression, position) => {
    expect(checkExpression(expression)).toMatch(new RegExp(`^At character ${position}: .+`));
  });

  test('names a function that does not exist', () => {
    expect(checkExpression('a[].{b: nope(@)}')).toBe('There is no function "nope".');
  });

  test.each([['('], ['[?'], ['`'], ['"'], ['a|'], ['!'], ['&'], ["'"], ['{a:'], ['[[']])(
    'takes little time over 2,000 characters of %p',
    (text) => {
      const { user } = process.cpuUsage();
      expect(checkExpression(text.repeat(2_000 / text.length))).toEqual(expect.any(String));
      expect(process.cpuUsage().user - user).toBeLessThan(1_000_000);
    },
  );
});
