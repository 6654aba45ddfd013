import { z } from 'zod';
import { timezoneSchema } from '../../../domain/refresh/schedule';
import { ROLES } from '../../../domain/roles';
import { localeSchema } from '../../http/locale';

/** Bounds of what an admin sets; the database has the same for the days. */
const MAX_RETENTION_DAYS = 3_650;
const MAX_CHATS = 1_000_000;

const name = z.string().trim().min(1, 'must not be empty').max(100);
const chats = z.number().int().min(1).max(MAX_CHATS);
const chatLimits = z.strictObject({ perMinute: chats, perHour: chats, perDay: chats });

export const createBusinessBody = z.strictObject({
  name,
  timezone: timezoneSchema.default('UTC'),
  locale: localeSchema.default('en'),
});

export const updateBusinessBody = z
  .strictObject({
    name: name.optional(),
    timezone: timezoneSchema.optional(),
    locale: localeSchema.optional(),
    conversationRetentionDays: z.number().int().min(1).max(MAX_RETENTION_DAYS).optional(),
    chatLimits: chatLimits.partial().optional(),
  })
  .refine((body) => Object.keys(body).length > 0, 'must change something');

export const settingsSchema = z.strictObject({
  id: z.uuid(),
  name: z.string(),
  role: z.enum(ROLES).describe('The caller’s role.'),
  timezone: z.string(),
  locale: z.string(),
  conversationRetentionDays: z
    .number()
    .int()
    .describe('A conversation untouched for so many days is deleted.'),
  chatLimits: chatLimits.describe('Messages that one person may send to agents.'),
  version: z.number().int(),
});
