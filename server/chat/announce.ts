import type { ServerContext } from '../context';
import {
  presentConversation,
  presentMessage,
  presentRun,
  type ConversationRow,
  type MessageRow,
  type RunRow,
} from '../../domain/presenters/conversation';
import type { Actor } from '../../domain/roles';
import { envelope } from '../../realtime/envelope';
import { userRoom } from '../../realtime/rooms';

/** What changed of someone's conversation, to all of their devices. Call it after the commit. */
export function announceChat(
  { publish }: Pick<ServerContext, 'publish'>,
  { businessId, userId }: Pick<Actor, 'businessId' | 'userId'>,
  requestId: string,
  changed: {
    conversation?: ConversationRow;
    created?: readonly MessageRow[];
    completed?: MessageRow;
    run?: RunRow;
  },
): void {
  const rooms = [userRoom(businessId, userId)];
  const carried = (version: number) => envelope(businessId, version, requestId);
  const { conversation, created = [], completed, run } = changed;
  if (conversation) {
    publish(rooms, 'conversation.changed', {
      ...presentConversation(conversation),
      ...carried(conversation.version),
    });
  }
  for (const message of created) {
    publish(rooms, 'message.created', { ...presentMessage(message), ...carried(message.version) });
  }
  if (completed) {
    publish(rooms, 'message.completed', { ...presentMessage(completed), ...carried(completed.version) });
  }
  if (run) publish(rooms, 'run.changed', { ...presentRun(run), ...carried(run.version) });
}
