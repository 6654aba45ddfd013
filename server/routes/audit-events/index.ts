import { z } from 'zod';
import { auditCsv } from '../../../domain/audit/csv';
import { auditPage } from '../../../domain/audit/list';
import { SUBJECT_KINDS } from '../../../domain/audit/subjects';
import { auditPolicy } from '../../../domain/policies/people';
import { presentAuditEvent } from '../../../domain/presenters/audit-event';
import type { ServerContext } from '../../context';
import { asksForCsv, csvPageQuery, limitOf, nextBeforeHeader } from '../../http/csv';
import { idSchema } from '../../http/lists';
import { defineRoute, type Route } from '../../http/route';

const columns = z.record(z.string(), z.unknown()).nullable();

const auditEventSchema = z.strictObject({
  id: z.uuid(),
  action: z.string(),
  actor: z
    .strictObject({ id: z.uuid(), email: z.string().nullable().describe('As it was then.') })
    .nullable()
    .describe('null where nobody is known.'),
  apiKeyId: z.uuid().nullable().describe('The key that acted for the person.'),
  sessionId: z.uuid().nullable(),
  subject: z.strictObject({ kind: z.string(), id: z.string().nullable() }),
  before: columns.describe('Of a change only what differs; never a secret.'),
  after: columns,
  requestId: z.string(),
  ip: z.string().nullable(),
  userAgent: z.string().nullable(),
  createdAt: z.string(),
});

const MAX_SUBJECT_ID = 200;

const auditQuery = csvPageQuery.extend({
  action: z.string().min(1).max(100).optional().describe('Like member.removed.'),
  actorId: idSchema.optional(),
  subject: z.enum(SUBJECT_KINDS).optional().describe('A kind of thing.'),
  subjectId: z.string().min(1).max(MAX_SUBJECT_ID).optional(),
});

/** `/audit-events`: who did what in the business, for its admins. */
export const auditRoutes = ({ db }: ServerContext): Route[] => [
  defineRoute({
    method: 'get',
    path: '/audit-events',
    summary: 'Who did what to what, newest first; also as CSV',
    tag: 'audit',
    access: { policy: auditPolicy.read },
    query: auditQuery,
    response: z.array(auditEventSchema),
    files: ['text/csv'],
    handler: async ({ actor, query, koa }) => {
      const isCsv = asksForCsv(koa, query.format);
      const limit = limitOf(query.limit, isCsv);
      const rows = await auditPage(db, actor.businessId, { ...query, limit });
      const nextBefore = rows.length === limit ? (rows.at(-1)?.id ?? null) : null;
      const events = rows.map(presentAuditEvent);
      if (!isCsv) return { data: events, meta: { nextBefore } };
      return {
        file: { name: 'audit-events.csv', type: 'text/csv', text: auditCsv(events) },
        headers: nextBeforeHeader(nextBefore),
      };
    },
  }),
];
