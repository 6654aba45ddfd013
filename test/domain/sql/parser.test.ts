import createInstance from 'libpg-query/wasm/libpg-query.js';
import { checkSelect } from '../../../domain/sql/select-statement';
import { parseSql, scanSql, SqlParserFailure, SqlSyntaxError } from '../../../domain/sql/parser';

jest.mock('libpg-query/wasm/libpg-query.js', () => ({
  __esModule: true,
  default: jest.fn(jest.requireActual('libpg-query/wasm/libpg-query.js')),
}));

test('memory stays as it is, for right queries and wrong ones', async () => {
  // Six characters of JSON for each.
  const long = '\u0001'.repeat(19_000);
  const parse = async (times: number) => {
    for (let index = 0; index < times; index += 1) {
      await parseSql(`select ${index}, '${long}'`);
      await parseSql(`select from ${index} '${long}'`).catch(() => undefined);
    }
  };
  await parse(10);
  const before = process.memoryUsage().external;
  // 1,600 trees of 114 KB do not fit into the 128 MB that the parser starts with.
  await parse(1_600);
  expect(process.memoryUsage().external - before).toBeLessThan(16_000_000);
});

describe('a parser that broke', () => {
  const made = jest.mocked(createInstance);

  test('is replaced; a text that is not SQL does not break it', async () => {
    await parseSql('select 1');
    made.mockClear();
    await expect(parseSql('select from where')).rejects.toThrow(SqlSyntaxError);
    await parseSql('select 1');
    expect(made).not.toHaveBeenCalled();
    // Deeper than any stack: what JavaScript sees of it is a RangeError in the middle of C.
    await expect(parseSql(`select 1${'+1'.repeat(200_000)}`)).rejects.toThrow(SqlParserFailure);
    expect(await scanSql('select 1')).toHaveLength(2);
    await parseSql('select 1');
    expect(made).toHaveBeenCalledTimes(1);
  });

  test('refuses the query, in words', async () => {
    made.mockRejectedValueOnce(new Error('no memory'));
    await parseSql(`select 1${'+1'.repeat(200_000)}`).catch(() => undefined);
    expect(await checkSelect('select 1', 0)).toEqual([
      { path: 'source.query', message: 'The query is too complex to be checked.' },
    ]);
    expect(await checkSelect('select 1', 0)).toBeUndefined();
  });
});
