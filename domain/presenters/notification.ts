export interface NotificationRow {
  id: string;
  type: string;
  title: string;
  body: string;
  subject: Record<string, unknown>;
  readAt: Date | null;
  createdAt: Date;
  version: number;
}

export interface PresentedNotification extends Omit<NotificationRow, 'readAt' | 'createdAt'> {
  readAt: string | null;
  createdAt: string;
}

export const presentNotification = (row: NotificationRow): PresentedNotification => ({
  id: row.id,
  type: row.type,
  title: row.title,
  body: row.body,
  subject: row.subject,
  readAt: row.readAt?.toISOString() ?? null,
  createdAt: row.createdAt.toISOString(),
  version: row.version,
});
