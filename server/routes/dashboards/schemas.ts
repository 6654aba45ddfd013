import { z } from 'zod';
import { idSchema } from '../../http/lists';

/** Columns of the grid, and how far down it goes. */
const GRID_COLUMNS = 12;
const GRID_ROWS = 1_000;
const MAX_WIDGETS = 100;

const layoutItem = z
  .strictObject({
    widgetId: idSchema,
    x: z
      .number()
      .int()
      .min(0)
      .max(GRID_COLUMNS - 1),
    y: z.number().int().min(0).max(GRID_ROWS),
    w: z.number().int().min(1).max(GRID_COLUMNS),
    h: z.number().int().min(1).max(100),
  })
  .refine(({ x, w }) => x + w <= GRID_COLUMNS, {
    path: ['w'],
    message: `reaches beyond the grid's ${GRID_COLUMNS} columns`,
  });

const layout = z
  .array(layoutItem)
  .max(MAX_WIDGETS)
  .superRefine((items, context) => {
    const seen = new Set<string>();
    items.forEach(({ widgetId }, index) => {
      if (seen.has(widgetId)) {
        context.addIssue({ code: 'custom', path: [index, 'widgetId'], message: 'is on the dashboard twice' });
      }
      seen.add(widgetId);
    });
  });

const fields = {
  name: z.string().trim().min(1, 'must not be empty').max(200),
  description: z.string().max(2_000),
  shared: z.boolean(),
  layout,
};

export const createDashboardBody = z.strictObject({
  ...fields,
  description: fields.description.default(''),
  shared: fields.shared.default(false),
  layout: fields.layout.default([]),
});

export const updateDashboardBody = z
  .strictObject(fields)
  .partial()
  .refine((body) => Object.keys(body).length > 0, 'must change at least one field');

export const dashboardSchema = z.strictObject({
  id: z.uuid(),
  ownerId: z.uuid(),
  ...fields,
  version: z.number().int(),
  createdAt: z.string(),
  updatedAt: z.string(),
});
