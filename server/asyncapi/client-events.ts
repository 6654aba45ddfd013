import { z } from 'zod';
import type { SyncKind } from '../../realtime/sync/changes';
import { conversationSchema, messageSchema, runSchema } from '../chat/schemas';
import { agentSchema } from '../routes/agents/schemas';
import { settingsSchema } from '../routes/businesses/schemas';
import { dashboardSchema } from '../routes/dashboards/schemas';
import { memberSchema } from '../routes/members';
import { notificationSchema } from '../routes/notifications';
import { preferencesSchema } from '../routes/preferences/schemas';
import { themeSchema } from '../routes/themes/schemas';
import { widgetDataSchema, widgetSchema } from '../routes/widgets/schemas';
import { personSchema } from './server-events';

/** What a client may ask for: in words, and what the acknowledgement holds beside `ok: true`. */
export interface ClientEventDescription {
  summary: string;
  answer: z.ZodObject;
}

const nothing = z.strictObject({});

/** What clients hold, by kind; rows as the events and the REST reads show them. */
const ROWS: Record<SyncKind, z.ZodType> = {
  business: settingsSchema.omit({ role: true }),
  widget: widgetSchema,
  widgetData: widgetDataSchema,
  dashboard: dashboardSchema,
  member: memberSchema,
  notification: notificationSchema,
  agent: agentSchema,
  conversation: conversationSchema,
  message: messageSchema,
  run: runSchema,
  theme: themeSchema,
  preferences: preferencesSchema,
};
const KINDS = Object.keys(ROWS) as [SyncKind, ...SyncKind[]];

/** Every event that a client may send, by name; their payloads are in server/sockets/events. */
export const CLIENT_EVENTS: Record<string, ClientEventDescription> = {
  'dashboard.open': {
    summary: 'Shows that you look at a dashboard: its people see you, and its widgets are kept fresh',
    answer: nothing,
  },
  'dashboard.close': { summary: 'You no longer look at it', answer: nothing },
  'conversation.open': {
    summary: 'From now on, `message.delta` of its replies reaches this socket',
    answer: nothing,
  },
  'conversation.close': { summary: 'No more of it', answer: nothing },
  'presence.list': {
    summary: 'Who is online in the business, or looking at a dashboard',
    answer: z.strictObject({
      rev: z.number().int().describe('Diffs up to this number are in it.'),
      people: z.array(personSchema),
    }),
  },
  sync: {
    summary: 'Everything you can see that was written since the cursor, latest state only, with deletions',
    answer: z.strictObject({
      cursor: z.string().describe('Opaque; for the next `sync`.'),
      reset: z
        .literal(true)
        .optional()
        .describe(
          'Nothing can be told from your cursor: load everything over REST, then sync from this one.',
        ),
      changes: z.array(
        z.union([
          ...KINDS.map((kind) => z.strictObject({ kind: z.literal(kind), row: ROWS[kind] })),
          z
            .strictObject({
              kind: z.enum(KINDS),
              id: z.uuid(),
              deleted: z.literal(true),
              version: z.number().int(),
            })
            .describe(
              'Gone, or no longer yours to see. A widget takes its data along, a conversation all of it.',
            ),
        ]),
      ),
    }),
  },
  'auth.refresh': {
    summary: 'Goes on with a newer access token of the same login',
    answer: z.strictObject({ expiresIn: z.number().int().describe('Seconds until that one runs out.') }),
  },
};
