import type { RoomEmitter } from '../lib/broker';
import type { EventName, ServerEvents } from './events';

/**
 * Announces to everyone in the rooms but not in `except`, on every server node, once each. Call it after the
 * commit.
 */
export type Publish = <Name extends EventName>(
  rooms: readonly string[],
  event: Name,
  payload: ServerEvents[Name],
  except?: readonly string[],
) => void;

export const createPublish =
  (rooms: RoomEmitter): Publish =>
  (to, event, payload, except) =>
    rooms.emit(to, event, payload, except);
