import { z } from 'zod';
import { scheduleSchema } from '../../../domain/refresh/schedule';
import { sourceSchema } from '../../../domain/widgets/source-schemas';
import { WIDGET_TYPES } from '../../../domain/widgets/types';

/** Shortest and longest time to live, seconds. */
const MAX_TTL_SECONDS = 31 * 24 * 3600;

const fields = {
  name: z.string().trim().min(1, 'must not be empty').max(200),
  type: z.enum(WIDGET_TYPES),
  config: z.record(z.string(), z.json()),
  source: sourceSchema,
  schedule: scheduleSchema.nullable(),
  ttlSeconds: z.number().int().min(1).max(MAX_TTL_SECONDS).nullable(),
  refreshWhen: z.enum(['always', 'watched']),
  scope: z.enum(['business', 'user']),
};

export const createWidgetBody = z.strictObject({
  ...fields,
  config: fields.config.default({}),
  schedule: fields.schedule.default(null),
  ttlSeconds: fields.ttlSeconds.default(300),
  refreshWhen: fields.refreshWhen.default('always'),
  scope: fields.scope.default('business'),
});

export const updateWidgetBody = z
  .strictObject(fields)
  .omit({ type: true })
  .partial()
  .refine((body) => Object.keys(body).length > 0, 'must change at least one field');

export type CreateWidget = z.output<typeof createWidgetBody>;
export type UpdateWidget = z.output<typeof updateWidgetBody>;

export const widgetSchema = z.strictObject({
  id: z.uuid(),
  ownerId: z.uuid().nullable(),
  ...fields,
  config: z.record(z.string(), z.unknown()),
  source: z.record(z.string(), z.unknown()).describe('As it was given; secrets live in connections.'),
  schedule: z.record(z.string(), z.unknown()).nullable(),
  version: z.number().int(),
  createdAt: z.string(),
  updatedAt: z.string(),
});

export const widgetDataSchema = z.strictObject({
  widgetId: z.uuid(),
  data: z.unknown(),
  version: z.number().int(),
  status: z.enum(['ok', 'pending', 'failing', 'paused']),
  error: z.strictObject({ code: z.string(), message: z.string() }).nullable(),
  refreshedAt: z.string().nullable(),
  stale: z.boolean(),
});
