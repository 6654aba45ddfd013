import { toCsv } from '../../lib/csv';
import type { PresentedAuditEvent } from '../presenters/audit-event';

const COLUMNS = [
  'createdAt',
  'action',
  'actorId',
  'actorEmail',
  'apiKeyId',
  'sessionId',
  'subjectKind',
  'subjectId',
  'before',
  'after',
  'ip',
  'userAgent',
  'requestId',
  'id',
];

const json = (columns: object | null): string | null => columns && JSON.stringify(columns);

/** User agents and names are what a stranger sent: toCsv keeps a spreadsheet from running them. */
export const auditCsv = (events: readonly PresentedAuditEvent[]): string =>
  toCsv(
    COLUMNS,
    events.map((event) => [
      event.createdAt,
      event.action,
      event.actor?.id,
      event.actor?.email,
      event.apiKeyId,
      event.sessionId,
      event.subject.kind,
      event.subject.id,
      json(event.before),
      json(event.after),
      event.ip,
      event.userAgent,
      event.requestId,
      event.id,
    ]),
  );
