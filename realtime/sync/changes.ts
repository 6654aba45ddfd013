import type { PresentedAgent } from '../../domain/presenters/agent';
import type {
  PresentedConversation,
  PresentedMessage,
  PresentedRun,
} from '../../domain/presenters/conversation';
import type { PresentedDashboard } from '../../domain/presenters/dashboard';
import type { PresentedNotification } from '../../domain/presenters/notification';
import type { PresentedMember, PresentedSettings } from '../../domain/presenters/people';
import type { PresentedPreferences } from '../../domain/presenters/preferences';
import type { PresentedTheme } from '../../domain/presenters/theme';
import type { PresentedWidget } from '../../domain/presenters/widget';
import type { PresentedWidgetData } from '../../domain/presenters/widget-data';

/** What clients hold, by kind. Their ids: `userId` of a member, `widgetId` of widget data, `id` of the rest. */
export interface SyncedRows {
  business: PresentedSettings;
  widget: PresentedWidget;
  widgetData: PresentedWidgetData;
  dashboard: PresentedDashboard;
  member: PresentedMember;
  notification: PresentedNotification;
  agent: PresentedAgent;
  conversation: PresentedConversation;
  message: PresentedMessage;
  run: PresentedRun;
  theme: PresentedTheme;
  /** One row. */
  preferences: PresentedPreferences;
}

export type SyncKind = keyof SyncedRows;

export type ChangedRow = { [Kind in SyncKind]: { kind: Kind; row: SyncedRows[Kind] } }[SyncKind];

/**
 * Gone, or no longer visible to this person. `version` is the one the deletion took: an event with a lower one is
 * late. A deleted widget takes its data along, a deleted conversation its messages and runs.
 */
export interface DeletedRow {
  kind: SyncKind;
  id: string;
  deleted: true;
  version: number;
}

/** Changed rows of a kind that can be large, and the bytes of JSON that their large parts take. */
export interface SizedRows {
  changes: ChangedRow[];
  bytes: number;
}

export type SyncChange = ChangedRow | DeletedRow;

export interface SyncAnswer {
  /** Opaque; for the next `sync`. */
  cursor: string;
  /** Set where nothing can be told from the cursor: load everything over REST, then sync from the new one. */
  reset?: true;
  changes: SyncChange[];
}

export function rowId(change: ChangedRow): string {
  switch (change.kind) {
    case 'member':
      return change.row.userId;
    case 'widgetData':
      return change.row.widgetId;
    default:
      return change.row.id;
  }
}
