import { z } from 'zod';
import { sync } from '../../../realtime/sync';
import { defineEvent, everyLogin } from './event';

/** Ours are below 120 characters; anything up to this is answered with a reset. */
const MAX_CURSOR_CHARACTERS = 500;

/** Everything visible that changed since the cursor (realtime/sync). The scope is the person's own view. */
export const syncEvent = defineEvent({
  name: 'sync',
  payload: z.strictObject({ cursor: z.string().max(MAX_CURSOR_CHARACTERS).nullish() }),
  access: everyLogin,
  handle: ({ db }, socket, { cursor }) => sync(db, socket.data.actor, cursor ?? undefined),
});
