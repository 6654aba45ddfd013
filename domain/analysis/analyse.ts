import { badRequest } from '../../lib/errors';
import { describeSeries, type Point, type SeriesStatistics } from './statistics';
import { isNumeric, timeColumnOf, type Row, type Table } from './table';
import { cellOf, figureOf, isMissing, labelOf, momentOf } from './values';

/** Columns and groups told at once; a model asks for one by name where there are more. */
const MAX_COLUMNS = 20;
const MAX_GROUPS = 30;
const MAX_VALUES = 10;

export interface Question {
  column?: string | undefined;
  groupBy?: string | undefined;
  from?: string | undefined;
  to?: string | undefined;
}

/** A column of numbers, or of anything else. `missing`: rows without a value in it. */
type ColumnAnalysis = { column: string; missing: number } & (
  { statistics: SeriesStatistics } | { distinct: number; mostFrequent: { value: string; count: number }[] }
);

export interface Analysis {
  rows: number;
  columns: string[];
  /** The time that from and to were compared with. */
  timeColumn?: string;
  analysed?: ColumnAnalysis[];
  groupedBy?: string;
  groups?: { group: string; rows: number; analysed: ColumnAnalysis[] }[];
  groupCount?: number;
}

/**
 * Statistics over a table.
 * @throws HttpError 400 for a column that there is not, or a time span over data that has no times
 */
export function analyse(
  table: Table,
  { column, groupBy = table.seriesColumn, from, to }: Question,
): Analysis {
  for (const name of [column, groupBy]) {
    if (name !== undefined && table.rows.length > 0 && !table.columns.includes(name)) {
      throw badRequest(`There is no column "${name}"; there is: ${table.columns.slice(0, 50).join(', ')}.`);
    }
  }
  const time = timeColumnOf(table);
  const rows = withinSpan(table, time, from, to);
  const told = { rows: rows.length, columns: table.columns, ...(time !== undefined && { timeColumn: time }) };
  // What is a number is decided over all rows: a group's own few would sometimes look like another kind.
  const names = columnsToTell(table, column, groupBy);
  const labelled = time ?? table.columns.find((name) => !isNumeric(table.rows, name) && name !== groupBy);
  const describe = (some: Row[]) => names.map((name) => describeColumn(some, name, table, labelled));
  if (groupBy === undefined) return { ...told, analysed: describe(rows) };
  const groups = groupsOf(rows, groupBy);
  return {
    ...told,
    groupedBy: groupBy,
    groupCount: groups.length,
    groups: groups
      .slice(0, MAX_GROUPS)
      .map(([group, some]) => ({ group, rows: some.length, analysed: describe(some) })),
  };
}

function withinSpan({ rows }: Table, time: string | undefined, from?: string, to?: string): Row[] {
  if ((from === undefined && to === undefined) || rows.length === 0) return rows;
  if (time === undefined) throw badRequest('This data has no column of times: from and to can’t be used.');
  const [start, end] = [momentOf(from) ?? -Infinity, momentOf(to) ?? Infinity];
  return rows.filter((row) => {
    const moment = momentOf(cellOf(row, time)) ?? NaN;
    return moment >= start && moment <= end;
  });
}

function columnsToTell({ columns, rows }: Table, column?: string, groupBy?: string): string[] {
  if (column !== undefined) return [column];
  const numeric = columns.filter((name) => name !== groupBy && isNumeric(rows, name));
  const told = numeric.length > 0 ? numeric : columns.filter((name) => name !== groupBy);
  return told.slice(0, MAX_COLUMNS);
}

function describeColumn(rows: Row[], column: string, table: Table, labelled?: string): ColumnAnalysis {
  const present = rows.filter((row) => !isMissing(cellOf(row, column)));
  const missing = rows.length - present.length;
  if (isNumeric(table.rows, column)) {
    const points = present.map((row, index): Point => ({
      label: labelled === undefined ? `row ${index + 1}` : labelOf(cellOf(row, labelled)),
      value: figureOf(cellOf(row, column)) ?? NaN,
    }));
    const statistics = describeSeries(points);
    if (statistics) return { column, missing, statistics };
  }
  const counted = groupsOf(present, column);
  const mostFrequent = counted.slice(0, MAX_VALUES).map(([value, some]) => ({ value, count: some.length }));
  return { column, missing, distinct: counted.length, mostFrequent };
}

/** The largest first. */
function groupsOf(rows: Row[], column: string): [group: string, rows: Row[]][] {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const group = labelOf(cellOf(row, column));
    const others = groups.get(group);
    if (others) others.push(row);
    else groups.set(group, [row]);
  }
  return [...groups].sort(([, a], [, b]) => b.length - a.length);
}
