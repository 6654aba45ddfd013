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

/** Every event a client may send, by name. */
export const EVENTS: ReadonlyMap<string, SocketEvent> = new Map(ALL.map((event) => [event.name, event]));
