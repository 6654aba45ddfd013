import type { Server, Socket } from 'socket.io';
import type { LoggedIn } from '../../domain/roles';
import type { EventName, ServerEvents } from '../../realtime/events';
import type { PresentConnection } from '../../realtime/presence/connection';

/** What we keep of a socket. One flat object: there may be ten thousand of them. */
export interface SocketState {
  actor: LoggedIn;
  /** When its token runs out, ms since 1970. */
  expiresAt: number;
  isExpiryAnnounced: boolean;
  connection: PresentConnection;
  /** Conversations it has open; undefined until it opens one. */
  conversations: Set<string> | undefined;
  /** Events it may still send at `tokensAt` (ms since 1970), and how many it sent beyond that. */
  tokens: number;
  tokensAt: number;
  overLimit: number;
  /** Its last event's answer: one event after the other, so that a close never overtakes its open. */
  last: Promise<void> | undefined;
}

type Incoming = Record<string, (...args: unknown[]) => void>;
type Outgoing = { [Name in EventName]: (payload: ServerEvents[Name]) => void };

export type SocketServer = Server<Incoming, Outgoing, Record<string, never>, SocketState>;
export type ClientSocket = Socket<Incoming, Outgoing, Record<string, never>, SocketState>;
