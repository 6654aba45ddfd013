import fc from 'fast-check';
import { AmountError, formatNano, MAX_NANO, parseNano } from '../../../domain/money/nano';

it.each([
  ['0', 0n],
  ['0.000000001', 1n],
  ['0.1', 100_000_000n],
  ['12.50', 12_500_000_000n],
  ['007', 7_000_000_000n],
  ['999999999.999999999', 999_999_999_999_999_999n],
  ['1000000000', MAX_NANO],
])('reads %s', (text, nano) => {
  expect(parseNano(text)).toBe(nano);
});

it.each([
  ['', 'must be an amount in US dollars such as "12.50"'],
  ['-1', 'must be an amount in US dollars such as "12.50"'],
  ['+1', 'must be an amount in US dollars such as "12.50"'],
  ['1e3', 'must be an amount in US dollars such as "12.50"'],
  ['1,5', 'must be an amount in US dollars such as "12.50"'],
  ['.5', 'must be an amount in US dollars such as "12.50"'],
  ['1.', 'must be an amount in US dollars such as "12.50"'],
  [' 1', 'must be an amount in US dollars such as "12.50"'],
  ['1\n', 'must be an amount in US dollars such as "12.50"'],
  ['0x10', 'must be an amount in US dollars such as "12.50"'],
  ['Infinity', 'must be an amount in US dollars such as "12.50"'],
  ['١', 'must be an amount in US dollars such as "12.50"'],
  ['0.0000000001', 'has more than nine decimals'],
  ['1000000000.000000001', 'must be at most 1000000000 US dollars'],
  ['9'.repeat(100_000), 'must be at most 1000000000 US dollars'],
])('says what is wrong with %j', (text, problem) => {
  expect(() => parseNano(text)).toThrow(new AmountError(problem));
});

it.each([
  [0n, '0'],
  [1n, '0.000000001'],
  [10n, '0.00000001'],
  [1_500_000_000n, '1.5'],
  [-1_500_000_000n, '-1.5'],
  [9_007_199_254_740_993n, '9007199.254740993'],
])('writes %s', (nano, text) => {
  expect(formatNano(nano)).toBe(text);
});

it('reads what it wrote', () => {
  const found = fc.check(
    fc.property(fc.bigInt({ min: 0n, max: MAX_NANO }), (nano) => parseNano(formatNano(nano)) === nano),
  );
  expect(found.counterexample).toBeNull();
});
