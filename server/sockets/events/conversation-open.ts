import { z } from 'zod';
import { findConversationAccess } from '../../../domain/conversations/access';
import { conversationPolicy } from '../../../domain/policies/conversation';
import { HttpError, notFound } from '../../../lib/errors';
import { conversationRoom } from '../../../realtime/rooms';
import { idSchema } from '../../http/lists';
import { MAX_OPEN_CONVERSATIONS } from '../limits';
import { defineEvent } from './event';

/** Joins a conversation's room, where replies in the making are told piece by piece. Opening twice is opening once. */
export const conversationOpen = defineEvent({
  name: 'conversation.open',
  payload: z.strictObject({ conversationId: idSchema }),
  async handle({ db }, socket, { conversationId }) {
    const { data } = socket;
    const access = await findConversationAccess(db, data.actor.businessId, conversationId);
    // The same answer for what is foreign, someone else's, deleted or not there: they can't be told apart.
    if (!access || !conversationPolicy.read(data.actor, access)) throw notFound('Conversation');
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
