import type { PresentedAgent } from '../domain/presenters/agent';
import type {
  PresentedConversation,
  PresentedMessage,
  PresentedRun,
} from '../domain/presenters/conversation';
import type { PresentedBudget } from '../domain/presenters/budget';
import type { PresentedCall } from '../domain/presenters/call';
import type { PresentedDashboard } from '../domain/presenters/dashboard';
import type { PresentedNotification } from '../domain/presenters/notification';
import type { PresentedMember, PresentedSettings } from '../domain/presenters/people';
import type { PresentedPreferences } from '../domain/presenters/preferences';
import type { PresentedTheme } from '../domain/presenters/theme';
import type { PresentedWidget } from '../domain/presenters/widget';
import type { PresentedWidgetData } from '../domain/presenters/widget-data';

/** What every event carries beside its row (product.md, Realtime). */
export interface Envelope {
  businessId: string;
  /** The row's version: a client applies an event only when this is newer than what it holds. */
  version: number;
  /** ISO 8601. */
  ts: string;
  requestId: string;
}

export interface PresencePerson {
  userId: string;
  name: string;
  avatarUrl: string | null;
}

export interface PresenceDiff {
  /** Grows by one with each diff of a place: a gap means one was missed, ask `presence.list`. */
  rev: number;
  dashboardId?: string;
  joins: PresencePerson[];
  leaves: string[];
}

/**
 * A piece of a reply in the making, at most one per 40 ms and run. A client that holds the text up to `position`
 * appends it; one that lacks something in between reads the message. Void where the run's epoch is newer, or the
 * message is final.
 */
export interface MessageDelta {
  messageId: string;
  runId: string;
  epoch: number;
  /** UTF-16 code units of the message before this text. */
  position: number;
  text: string;
}

/** Rows that carry their own id and version; `deleted` where the row is gone. */
export type Deleted = { id: string; deleted: true };

/** Server to client. Payloads are the REST presenters' output. */
export interface ServerEvents {
  'widget.updated': PresentedWidgetData & Envelope;
  'widget.failed': PresentedWidgetData & Envelope;
  'widget.changed': (PresentedWidget | Deleted) & Envelope;
  'dashboard.changed': (PresentedDashboard | Deleted) & Envelope;
  /** Name, time zone, locale, retention, chat limits. */
  'business.changed': PresentedSettings & Envelope;
  /** To the person's own devices, as are their preferences. */
  'theme.changed': (PresentedTheme | Deleted) & Envelope;
  'preferences.changed': PresentedPreferences & Envelope;
  'member.changed': (PresentedMember | { userId: string; deleted: true }) & Envelope;
  'notification.created': PresentedNotification & Envelope;
  'agent.changed': (PresentedAgent | Deleted) & Envelope;
  'conversation.changed': (PresentedConversation | Deleted) & Envelope;
  'message.created': PresentedMessage & Envelope;
  'message.delta': MessageDelta;
  /** The reply is final: completed, stopped or failed. */
  'message.completed': PresentedMessage & Envelope;
  'run.changed': PresentedRun & Envelope;
  /** A call was booked. To managers and admins. */
  'usage.changed': PresentedCall & Envelope;
  /** Spending reached 80 or 100 percent of a limit. To managers and admins, and the member whose budget it is. */
  'budget.threshold': PresentedBudget & { limit: 'soft' | 'hard'; percent: number } & Envelope;
  'presence.diff': PresenceDiff;
  'sync.required': { reason: 'broker_restored' | 'database_restored' };
  'session.expiring': { expiresIn: number };
  'session.revoked': { reason: string };
}

export type EventName = keyof ServerEvents;

export type Failure = { ok: false; error: { code: string; message: string } };
export type Acknowledged<Result> = ({ ok: true } & Result) | Failure;
