import type { Presence } from '../../realtime/presence';
import type { ServerContext } from '../context';

/** What every event has at hand. */
export interface SocketContext extends ServerContext {
  presence: Presence;
}
