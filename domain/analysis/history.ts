import type { Knex } from 'knex';
import type { Statement } from '../../db/scope';
import { trxStatement } from '../../db/trx-statement';
import { rowsOf } from '../widgets/shapes/tabular';
import { isObject } from '../widgets/shapes/shape';
import type { WidgetType } from '../widgets/types';
import type { Table } from './table';
import { cellOf, figureOf } from './values';

/** Moments of a history that are looked at, newest first. */
const MAX_HISTORY = 500;
/** Data of one moment that is looked at, bytes as stored: a figure is small, and 500 large tables would not fit. */
const MAX_STORED_BYTES = 16_384;

const HISTORY: Statement = {
  name: 'tool-widget-history',
  text: `select data, refreshed_at as "refreshedAt" from widget_data_history
          where widget_id = $1 and ($2::timestamptz is null or refreshed_at >= $2)
            and ($3::timestamptz is null or refreshed_at <= $3) and pg_column_size(data) <= $4
          order by version desc limit $5`,
};

/** The one figure that a widget shows, if it shows one. `column`: of a row or an object that has several. */
export function singleFigureOf(
  type: WidgetType,
  config: Record<string, unknown>,
  data: unknown,
  column?: string,
): number | undefined {
  const plain = figureOf(data);
  if (plain !== undefined || (type !== 'stats' && type !== 'custom')) return plain;
  const rows = rowsOf(data);
  if (rows) {
    const named = column ?? config.value;
    const [first] = rows;
    if (type !== 'stats' || !first) return undefined;
    if (typeof named === 'string') return figureOf(cellOf(first, named));
    return Object.values(first)
      .map(figureOf)
      .find((figure) => figure !== undefined);
  }
  return isObject(data) ? figureOf(cellOf(data, column ?? 'value')) : undefined;
}

/** What the figure was over the widget's history, oldest first, as a table of {at, value}. */
export async function figureHistory(
  trx: Knex.Transaction,
  widget: { id: string; type: WidgetType; config: Record<string, unknown> },
  question: { column?: string | undefined; from?: string | undefined; to?: string | undefined },
): Promise<Table> {
  const moments = await trxStatement<{ data: unknown; refreshedAt: Date }>(trx, HISTORY, [
    widget.id,
    question.from ?? null,
    question.to ?? null,
    MAX_STORED_BYTES,
    MAX_HISTORY,
  ]);
  const rows = moments.toReversed().map(({ data, refreshedAt }) => ({
    at: refreshedAt.toISOString(),
    value: singleFigureOf(widget.type, widget.config, data, question.column) ?? null,
  }));
  return { columns: ['at', 'value'], rows };
}
