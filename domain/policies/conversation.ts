import { hasRole, type Actor } from '../roles';

interface ConversationAccess {
  businessId: string;
  userId: string;
}

/** A conversation is its person's alone, whatever anyone's role. */
const isOwn = (actor: Actor, conversation: ConversationAccess) =>
  conversation.businessId === actor.businessId && conversation.userId === actor.userId;

const mayChat = (actor: Actor) => hasRole(actor.role, 'member');

/** product.md, roles: members chat. Someone who became a viewer still reads and deletes what is theirs. */
export const conversationPolicy = {
  list: () => true,
  chat: mayChat,
  read: isOwn,
  write: (actor: Actor, conversation: ConversationAccess) => isOwn(actor, conversation) && mayChat(actor),
  update: isOwn,
  delete: isOwn,
};
