import { z } from 'zod';
import { HttpError } from '../../../lib/errors';
import { conversationRoom } from '../../../realtime/rooms';
import { assertMayReadConversation } from './assert-may-read';
import { idSchema } from '../../http/lists';
import { MAX_OPEN_CONVERSATIONS } from '../limits';
import { defineEvent } from './event';

/** Joins a conversation's room, where replies in the making are told piece by piece. Opening twice is opening once. */
export const conversationOpen = defineEvent({
  name: 'conversation.open',
  payload: z.strictObject({ conversationId: idSchema }),
  access: ({ db }, actor, { conversationId }) => assertMayReadConversation(db, actor, conversationId),
  async handle(_context, socket, { conversationId }) {
    const { data } = socket;
    const open = (data.conversations ??= new Set());
    if (open.size >= MAX_OPEN_CONVERSATIONS && !open.has(conversationId)) {
      throw new HttpError(
        409,
        'too_many_conversations',
        `At most ${MAX_OPEN_CONVERSATIONS} conversations can be open.`,
      );
    }
    open.add(conversationId);
    if (socket.connected) await socket.join(conversationRoom(conversationId));
    return {};
  },
});
