import { z } from 'zod';
import type { WidgetShape } from './shape';
import { columnName, rowsForm, tableForm } from './tabular';

const config = z.strictObject({
  columns: z
    .array(
      z.strictObject({
        key: columnName.describe("The row's key."),
        label: z.string().max(200).optional(),
        format: z
          .enum(['text', 'number', 'currency', 'percent', 'date', 'datetime', 'boolean', 'link'])
          .optional(),
        align: z.enum(['left', 'center', 'right']).optional(),
        width: z.number().int().min(20).max(2_000).optional().describe('Pixels.'),
      }),
    )
    .max(100)
    .optional()
    .describe('Which columns, in which order (default: all that the data has).'),
  pageSize: z.number().int().min(1).max(500).optional(),
  sortBy: columnName.optional(),
  sortDirection: z.enum(['asc', 'desc']).optional(),
});

export const tableShape: WidgetShape = {
  description: 'Rows and columns.',
  config,
  data: z.union([tableForm, rowsForm]),
  formOf: (data) => (Array.isArray(data) ? rowsForm : tableForm),
  columnFields: ['sortBy'],
};
