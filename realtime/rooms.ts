/** Room names. Made here from ids that were checked, never from a client's string (product.md, Realtime). */
export const userRoom = (businessId: string, userId: string) => `user:${businessId}:${userId}`;
export const businessRoom = (businessId: string) => `business:${businessId}`;
export const dashboardRoom = (dashboardId: string) => `dashboard:${dashboardId}`;
/** Whoever has the conversation open: its person, on any of their devices. */
export const conversationRoom = (conversationId: string) => `conversation:${conversationId}`;
/** Every socket of one login, so that ending it reaches them. Never announced to. */
export const sessionRoom = (sessionId: string) => `session:${sessionId}`;

/** Who may see a row: everyone in the business, or the person it belongs to. */
export function audienceOf(businessId: string, scope: 'business' | 'user', ownerId: string | null): string[] {
  if (scope === 'business') return [businessRoom(businessId)];
  return ownerId ? [userRoom(businessId, ownerId)] : [];
}
