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

/** Comes many times a second for one room. */
const STREAMED: ReadonlySet<EventName> = new Set(['message.delta']);

export const createPublish =
  (rooms: RoomEmitter): Publish =>
  (to, event, payload, except) => {
    if (!STREAMED.has(event)) return rooms.emit(to, event, payload, except);
    for (const room of to) rooms.stream(room, event, payload);
  };
