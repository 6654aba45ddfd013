import { authRefresh } from './auth-refresh';
import { conversationClose } from './conversation-close';
import { conversationOpen } from './conversation-open';
import { dashboardClose } from './dashboard-close';
import { dashboardOpen } from './dashboard-open';
import type { SocketEvent } from './event';
import { presenceList } from './presence-list';
import { syncEvent } from './sync';

const ALL: SocketEvent[] = [
  dashboardOpen,
  dashboardClose,
  conversationOpen,
  conversationClose,
  presenceList,
  syncEvent,
  authRefresh,
];

/** @throws Error at start for an event without an access rule */
export function eventsOf(events: readonly SocketEvent[]): ReadonlyMap<string, SocketEvent> {
  for (const { name, access } of events) if (!access) throw new Error(`${name} has no access rule.`);
  return new Map(events.map((event) => [event.name, event]));
}

/** Every event a client may send, by name. */
export const EVENTS = eventsOf(ALL);
