import { z } from 'zod';
import { MAX_DASHBOARD_NAME } from '../../../domain/dashboards/write';
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
    y: z
      .number()
      .int()
      .min(0)
      .max(GRID_ROWS - 1),
    w: z.number().int().min(1).max(GRID_COLUMNS),
    h: z.number().int().min(1).max(100),
  })
  .refine(({ y, h }) => y + h <= GRID_ROWS, {
    path: ['h'],
    message: `reaches beyond the grid's ${GRID_ROWS} rows`,
  })
  .refine(({ x, w }) => x + w <= GRID_COLUMNS, {
    path: ['w'],
    message: `reaches beyond the grid's ${GRID_COLUMNS} columns`,
  });

type Item = z.output<typeof layoutItem>;

const overlap = (a: Item, b: Item): boolean =>
  a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;

const layout = z
  .array(layoutItem)
  .max(MAX_WIDGETS)
  .superRefine((items, context) => {
    const seen = new Set<string>();
    items.forEach((item, index) => {
      if (seen.has(item.widgetId)) {
        context.addIssue({ code: 'custom', path: [index, 'widgetId'], message: 'is on the dashboard twice' });
      }
      seen.add(item.widgetId);
      const covered = items.slice(0, index).findIndex((other) => overlap(item, other));
      if (covered >= 0) {
        context.addIssue({ code: 'custom', path: [index], message: `overlaps layout.${covered}` });
      }
    });
  });

const fields = {
  name: z.string().trim().min(1, 'must not be empty').max(MAX_DASHBOARD_NAME),
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
