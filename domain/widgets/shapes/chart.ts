import { z } from 'zod';
import { isObject, type WidgetShape } from './shape';
import { columnName, figureFormat, figureOrNull, rowsForm, tableForm } from './tabular';

/** Lines one can still tell apart are a dozen; more than this is a mistake. */
const MAX_SERIES = 50;

const config = z.strictObject({
  ...figureFormat,
  kind: z.enum(['line', 'bar', 'area', 'pie', 'donut', 'scatter']).default('line'),
  x: columnName.optional().describe('For tabular data: the column along the axis (default: the first).'),
  y: z
    .array(columnName)
    .min(1)
    .max(MAX_SERIES)
    .optional()
    .describe('For tabular data: one series for each column (default: every column of numbers).'),
  series: columnName.optional().describe('For tabular data: the column that splits rows into series.'),
  stacked: z.boolean().optional(),
  legend: z.boolean().optional(),
  xLabel: z.string().max(100).optional(),
  yLabel: z.string().max(100).optional(),
});

const point = z.looseObject({
  x: z.union([z.string(), z.number()]).describe('A category, a number, or a time as ISO 8601.'),
  y: figureOrNull.describe('null: a gap.'),
});

const form = z.looseObject({
  series: z.array(z.looseObject({ name: z.string(), data: z.array(point) })).max(MAX_SERIES),
});

export const chartShape: WidgetShape = {
  description: 'Series of points: lines, bars, areas, a pie.',
  config,
  data: z.union([form, tableForm, rowsForm]),
  formOf: (data) => {
    if (Array.isArray(data)) return rowsForm;
    return isObject(data) && 'rows' in data && !('series' in data) ? tableForm : form;
  },
  columnFields: ['x', 'y', 'series'],
};
