import { BREAKER_LIMITS, CircuitBreaker } from '../../../../workers/agents/providers/circuit-breaker';
import { ProviderError, type ProviderErrorCode } from '../../../../workers/agents/providers/provider';

const { failures, windowMs, openMs, longestOpenMs, probeMs } = BREAKER_LIMITS;
const KEY = 'openai/some-model';

const error = (code: ProviderErrorCode = 'server_error', retryAfterMs?: number) =>
  new ProviderError(code, 'It failed.', { fate: 'refused', retryAfterMs });

function start() {
  const clock = { now: 1_000_000 };
  const breaker = new CircuitBreaker(BREAKER_LIMITS, () => clock.now);
  const fail = (times: number, code?: ProviderErrorCode) => {
    for (let each = 0; each < times; each += 1) breaker.failed(KEY, error(code));
  };
  return { clock, breaker, fail };
}

const CLOSED = { open: false };
const openFor = (retryInMs: number) => ({ open: true, retryInMs });

test('opens after so many transient failures, for this key only', () => {
  const { breaker, fail } = start();
  fail(failures - 1);
  expect(breaker.check(KEY)).toEqual(CLOSED);
  fail(1);
  expect(breaker.check(KEY)).toEqual(openFor(openMs));
  expect(breaker.check('openai/other-model')).toEqual(CLOSED);
});

test('counts failures of one window only', () => {
  const { clock, breaker, fail } = start();
  fail(failures - 1);
  clock.now += windowMs;
  fail(failures - 1);
  expect(breaker.check(KEY)).toEqual(CLOSED);
});

test('a success between failures begins anew', () => {
  const { breaker, fail } = start();
  fail(failures - 1);
  breaker.succeeded(KEY);
  fail(failures - 1);
  expect(breaker.check(KEY)).toEqual(CLOSED);
});

test("doesn't count what is wrong with the request, the key, or was stopped", () => {
  const { breaker, fail } = start();
  for (const code of [
    'bad_request',
    'unauthorized',
    'unknown_model',
    'context_too_long',
    'aborted',
  ] as const) {
    fail(failures, code);
  }
  expect(breaker.check(KEY)).toEqual(CLOSED);
});

test('lets one probe through, which closes it', () => {
  const { clock, breaker, fail } = start();
  fail(failures);
  clock.now += openMs - 1;
  expect(breaker.check(KEY)).toEqual(openFor(1));
  clock.now += 1;
  expect(breaker.check(KEY)).toEqual(CLOSED);
  expect(breaker.check(KEY)).toEqual(openFor(probeMs));
  breaker.succeeded(KEY);
  expect(breaker.check(KEY)).toEqual(CLOSED);
  expect(breaker.check(KEY)).toEqual(CLOSED);
});

test('a probe that fails opens it for twice as long, up to a limit', () => {
  const { clock, breaker, fail } = start();
  fail(failures);
  let expected = openMs;
  for (let probe = 0; probe < 10; probe += 1) {
    expect(breaker.check(KEY)).toEqual(openFor(expected));
    clock.now += expected;
    expect(breaker.check(KEY)).toEqual(CLOSED);
    fail(1);
    expected = Math.min(expected * 2, longestOpenMs);
  }
  expect(expected).toBe(longestOpenMs);
});

test('a probe that is stopped or never heard of makes room for another', () => {
  const { clock, breaker, fail } = start();
  fail(failures);
  clock.now += openMs;
  expect(breaker.check(KEY)).toEqual(CLOSED);
  breaker.failed(KEY, error('aborted'));
  expect(breaker.check(KEY)).toEqual(CLOSED);
  expect(breaker.check(KEY)).toEqual(openFor(probeMs));
  clock.now += probeMs;
  expect(breaker.check(KEY)).toEqual(CLOSED);
});

test('a probe that is refused for its own fault shows that the provider is there', () => {
  const { clock, breaker, fail } = start();
  fail(failures);
  clock.now += openMs;
  breaker.check(KEY);
  breaker.failed(KEY, error('bad_request'));
  expect(breaker.check(KEY)).toEqual(CLOSED);
});

test('Retry-After holds it at once, and until then', () => {
  const { clock, breaker } = start();
  breaker.failed(KEY, error('rate_limited', 30_000));
  expect(breaker.check(KEY)).toEqual(openFor(30_000));
  breaker.failed(KEY, error('rate_limited', 10_000));
  expect(breaker.check(KEY)).toEqual(openFor(30_000));
  clock.now += 30_000;
  expect(breaker.check(KEY)).toEqual(CLOSED);
});

test('failures of calls that were under way when it opened change nothing', () => {
  const { clock, breaker, fail } = start();
  fail(failures);
  clock.now += 1_000;
  fail(50);
  expect(breaker.check(KEY)).toEqual(openFor(openMs - 1_000));
});

test('remembers a bounded number of keys, and the open ones among them', () => {
  const { clock, breaker, fail } = start();
  for (let each = 0; each < 4_000; each += 1) breaker.failed(`old/${each}`, error());
  clock.now += windowMs + 1;
  fail(failures);
  for (let each = 0; each < 4_000; each += 1) breaker.failed(`new/${each}`, error());
  expect(breaker.check(KEY)).toEqual(openFor(openMs));
});
