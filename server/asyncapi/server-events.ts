import { z } from 'zod';
import type { EventName } from '../../realtime/events';
import { conversationSchema, messageSchema, runSchema } from '../chat/schemas';
import { agentSchema } from '../routes/agents/schemas';
import { budgetSchema } from '../routes/budgets/schemas';
import { settingsSchema } from '../routes/businesses/schemas';
import { dashboardSchema } from '../routes/dashboards/schemas';
import { memberSchema } from '../routes/members';
import { notificationSchema } from '../routes/notifications';
import { preferencesSchema } from '../routes/preferences/schemas';
import { themeSchema } from '../routes/themes/schemas';
import { callSchema } from '../routes/usage/schemas';
import { widgetDataSchema, widgetSchema } from '../routes/widgets/schemas';

/** What every event about a row carries beside it. */
const envelope = {
  businessId: z.uuid(),
  version: z
    .number()
    .int()
    .describe('The row’s: apply the event only where this is newer than what you hold.'),
  ts: z.iso.datetime().describe('When it was announced.'),
  requestId: z.string().describe('Of the request that caused it.'),
};

const gone = z.strictObject({ id: z.uuid(), deleted: z.literal(true), ...envelope });
/** The row, or that it is gone or no longer yours to see. */
const changed = <Shape extends z.core.$ZodShape>(row: z.ZodObject<Shape>) =>
  z.union([row.extend(envelope), gone]);

export const personSchema = z.strictObject({
  userId: z.uuid(),
  name: z.string(),
  avatarUrl: z.string().nullable(),
});

export interface ServerEventDescription {
  summary: string;
  /** Whose sockets get it. */
  to: string;
  payload: z.ZodType;
}

const EVERYBODY = 'Everybody in the business';
const WHO_MAY_SEE = 'Whoever may see the row';
const OWN = 'The person’s own devices';

/** Every event that the server sends; their payloads are what the REST reads answer. */
export const SERVER_EVENTS: Record<EventName, ServerEventDescription> = {
  'widget.updated': {
    summary: 'A widget has new data',
    to: WHO_MAY_SEE,
    payload: widgetDataSchema.extend(envelope),
  },
  'widget.failed': {
    summary: 'A refresh failed; the last good data stays',
    to: WHO_MAY_SEE,
    payload: widgetDataSchema.extend(envelope),
  },
  'widget.changed': {
    summary: 'A widget was made, changed or deleted',
    to: WHO_MAY_SEE,
    payload: changed(widgetSchema),
  },
  'dashboard.changed': {
    summary: 'A dashboard was made, changed, shared or deleted',
    to: WHO_MAY_SEE,
    payload: changed(dashboardSchema),
  },
  'business.changed': {
    summary: 'Name, time zone, locale, retention or chat limits',
    to: EVERYBODY,
    payload: settingsSchema.omit({ role: true }).extend(envelope),
  },
  'theme.changed': {
    summary: 'A theme was made, changed or deleted',
    to: OWN,
    payload: changed(themeSchema),
  },
  'preferences.changed': {
    summary: 'Locale, mode, active theme, dashboards or sidebar',
    to: OWN,
    payload: preferencesSchema.extend(envelope),
  },
  'member.changed': {
    summary: 'Somebody joined, has another role, or was removed',
    to: EVERYBODY,
    payload: z.union([
      memberSchema.extend(envelope),
      z.strictObject({ userId: z.uuid(), deleted: z.literal(true), ...envelope }),
    ]),
  },
  'notification.created': {
    summary: 'The platform has something to tell you',
    to: OWN,
    payload: notificationSchema.extend(envelope),
  },
  'agent.changed': {
    summary: 'An agent was made, changed or deleted',
    to: EVERYBODY,
    payload: changed(agentSchema),
  },
  'conversation.changed': {
    summary: 'A conversation of yours was made, renamed, went on, or was deleted',
    to: OWN,
    payload: changed(conversationSchema),
  },
  'message.created': {
    summary: 'A message, or the empty reply that is about to be written',
    to: OWN,
    payload: messageSchema.extend(envelope),
  },
  'message.delta': {
    summary: 'A piece of a reply, at most one per 40 ms and run',
    to: 'Sockets that have the conversation open',
    payload: z.strictObject({
      messageId: z.uuid(),
      runId: z.uuid(),
      epoch: z.number().int().describe('Text of an epoch below the run’s is void: read the message.'),
      position: z.number().int().describe('UTF-16 code units of the message before this text.'),
      text: z.string(),
    }),
  },
  'message.completed': {
    summary: 'A reply is final: completed, stopped or failed',
    to: OWN,
    payload: messageSchema.extend(envelope),
  },
  'run.changed': {
    summary: 'A run was queued, began, was taken over, waits for a confirmation, or ended',
    to: OWN,
    payload: runSchema.extend(envelope),
  },
  'usage.changed': {
    summary: 'A call of a model was booked',
    to: 'Managers and admins',
    payload: callSchema.extend(envelope),
  },
  'budget.threshold': {
    summary: 'Spending reached 80 or 100 percent of a limit',
    to: 'Managers and admins, and the member whose budget it is',
    payload: budgetSchema.extend({
      limit: z.enum(['soft', 'hard']),
      percent: z.number(),
      ...envelope,
    }),
  },
  'presence.diff': {
    summary: 'Who came to and left the business or a dashboard, gathered over a moment',
    to: 'Everybody in the business, or sockets that have the dashboard open',
    payload: z.strictObject({
      rev: z
        .number()
        .int()
        .describe('Grows by one with each diff of a place: after a gap, ask `presence.list`.'),
      dashboardId: z.uuid().optional().describe('The place; without it, the business.'),
      joins: z.array(personSchema),
      leaves: z.array(z.uuid()),
    }),
  },
  'sync.required': {
    summary: 'Announcements may have been lost: send `sync`',
    to: 'Every socket of the server',
    payload: z.strictObject({ reason: z.enum(['broker_restored', 'database_restored']) }),
  },
  'session.expiring': {
    summary: 'The access token runs out: send `auth.refresh` with a newer one',
    to: 'The socket',
    payload: z.strictObject({ expiresIn: z.number().int().describe('Seconds.') }),
  },
  'session.revoked': {
    summary: 'The login has ended; the socket is closed after this',
    to: 'Every socket of the login',
    payload: z.strictObject({ reason: z.string() }),
  },
};
