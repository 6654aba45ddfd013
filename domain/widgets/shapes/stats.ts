import { z } from 'zod';
import { isObject, type WidgetShape } from './shape';
import { columnName, figure, figureFormat, figureOrNull, rowsForm, tableForm } from './tabular';

const config = z.strictObject({
  ...figureFormat,
  label: z.string().max(200).optional(),
  better: z.enum(['up', 'down']).optional().describe('Which way is good news; colours the change.'),
  value: columnName.optional().describe('For tabular data: the column of the first row that is shown.'),
  previous: columnName.optional().describe('For tabular data: the column of the figure to compare with.'),
  trend: columnName.optional().describe('For tabular data: the column whose rows are the sparkline.'),
});

const form = z.looseObject({
  value: figureOrNull.describe('null: there is no figure to show.'),
  label: z.string().optional(),
  unit: z.string().optional(),
  previous: figureOrNull.optional(),
  change: z
    .number()
    .nullish()
    .describe('Relative to previous: 0.1 is 10 % more. The client works it out if absent.'),
  trend: z.array(figureOrNull).nullish().describe('Oldest first; a sparkline.'),
});

export const statsShape: WidgetShape = {
  description: 'One figure, with what it was before and a sparkline.',
  config,
  data: z.union([form, figure, tableForm, rowsForm]),
  formOf: (data) => {
    if (Array.isArray(data)) return rowsForm;
    if (!isObject(data)) return typeof data === 'number' || typeof data === 'string' ? figure : form;
    return 'rows' in data && !('value' in data) ? tableForm : form;
  },
  columnFields: ['value', 'previous', 'trend'],
};
