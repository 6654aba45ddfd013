import type { AgentRow, PresentedAgent } from '../../../domain/presenters/agent';
import { envelope } from '../../../realtime/envelope';
import { businessRoom } from '../../../realtime/rooms';
import type { ServerContext } from '../../context';

export function announceAgent(
  { publish }: ServerContext,
  businessId: string,
  agent: PresentedAgent,
  requestId: string,
): void {
  publish([businessRoom(businessId)], 'agent.changed', {
    ...agent,
    ...envelope(businessId, agent.version, requestId),
  });
}

export function announceAgentDeleted(
  { publish }: ServerContext,
  { id, businessId, version }: Pick<AgentRow, 'id' | 'businessId' | 'version'>,
  requestId: string,
): void {
  publish([businessRoom(businessId)], 'agent.changed', {
    id,
    deleted: true,
    ...envelope(businessId, version + 1, requestId),
  });
}
