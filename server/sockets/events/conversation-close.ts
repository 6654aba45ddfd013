import { z } from 'zod';
import { conversationRoom } from '../../../realtime/rooms';
import { idSchema } from '../../http/lists';
import { defineEvent, everyLogin } from './event';

/** Leaves a conversation's room. Needs no right; closing what is not open does nothing. */
export const conversationClose = defineEvent({
  name: 'conversation.close',
  payload: z.strictObject({ conversationId: idSchema }),
  access: everyLogin,
  async handle(_context, socket, { conversationId }) {
    socket.data.conversations?.delete(conversationId);
    await socket.leave(conversationRoom(conversationId));
    return {};
  },
});
