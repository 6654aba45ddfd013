/** Room names. Made here from ids that were checked, never from a client's string (product.md, Realtime). */
export const userRoom = (businessId: string, userId: string) => `user:${businessId}:${userId}`;
export const businessRoom = (businessId: string) => `business:${businessId}`;
export const dashboardRoom = (dashboardId: string) => `dashboard:${dashboardId}`;
/** Every socket of one login, so that ending it reaches them. Never announced to. */
export const sessionRoom = (sessionId: string) => `session:${sessionId}`;
