import type { ApiScope } from '../../domain/api-keys/scopes';
import type { Role } from '../../domain/roles';
import type { ToolName } from '../../domain/runs/types';

/**
 * Who may do what: product.md's roles, written down once more by hand and beside the code, so that neither changes
 * without the other. Every route, event, page of Bull Board and tool stands here, or a test fails.
 */
export interface RouteRule {
  /** The least role that may do it, to a thing that the whole business sees. `anyone`: without a login. */
  who: Role | 'anyone';
  /** The least role that may do it to a thing of their own, where that is less. */
  own?: Role;
  /** What an API key must hold; without it no key may. */
  key?: ApiScope | 'any';
  /** Only with a verified address. */
  verified?: true;
}

const anyone: RouteRule = { who: 'anyone' };
const viewer: RouteRule = { who: 'viewer' };
const member: RouteRule = { who: 'member' };
const manager: RouteRule = { who: 'manager' };
const admin: RouteRule = { who: 'admin' };

/** Below /api/v1. */
export const ROUTES: Readonly<Record<string, RouteRule>> = {
  'post /auth/register': anyone,
  'post /auth/login': anyone,
  'post /auth/refresh': anyone,
  'post /auth/2fa/verify': anyone,
  'post /auth/verify-email': anyone,
  'post /auth/resend-verification': anyone,
  'post /auth/forgot-password': anyone,
  'post /auth/reset-password': anyone,
  'post /invitations/accept': anyone,

  'get /auth/me': viewer,
  'post /auth/logout': viewer,
  'post /auth/logout-all': viewer,
  'get /auth/sessions': viewer,
  'delete /auth/sessions/:id': viewer,
  'post /auth/switch-business': viewer,
  'post /auth/change-password': viewer,
  'post /auth/2fa/setup': viewer,
  'post /auth/2fa/enable': viewer,
  'post /auth/2fa/disable': viewer,
  'post /auth/2fa/recovery-codes': viewer,
  'get /users/me': viewer,
  'patch /users/me': viewer,
  'get /rate-limit': { ...viewer, key: 'any' },

  'get /businesses': viewer,
  'post /businesses': { ...viewer, verified: true },
  'get /business': viewer,
  'patch /business': admin,
  'get /business/members': viewer,
  'patch /business/members/:id': admin,
  'delete /business/members/:id': { ...admin, own: 'viewer' },
  'get /business/invitations': admin,
  'post /business/invitations': { ...admin, verified: true },
  'delete /business/invitations/:id': admin,
  'get /api-keys': admin,
  'post /api-keys': { ...admin, verified: true },
  'delete /api-keys/:id': admin,
  'get /audit-events': admin,

  'get /widget-types': { ...viewer, key: 'widgets:read' },
  'get /widgets': { ...viewer, key: 'widgets:read' },
  'get /widgets/:id': { ...viewer, key: 'widgets:read' },
  'get /widgets/:id/data': { ...viewer, key: 'widgets:read' },
  'get /widgets/:id/history': { ...viewer, key: 'widgets:read' },
  'post /widgets/:id/refresh': { ...member, key: 'widgets:write' },
  'post /widgets': { ...manager, key: 'widgets:write' },
  'patch /widgets/:id': { ...manager, key: 'widgets:write' },
  'delete /widgets/:id': { ...manager, key: 'widgets:write' },
  'post /widgets/preview': { ...manager, key: 'widgets:write' },
  'post /widgets/:id/data': { ...manager, key: 'widgets:push' },

  'get /connections': manager,
  'post /connections': manager,
  'get /connections/:id': manager,
  'patch /connections/:id': manager,
  'delete /connections/:id': manager,
  'post /connections/:id/test': manager,

  'get /dashboards': { ...viewer, key: 'dashboards:read' },
  'get /dashboards/:id': { ...viewer, key: 'dashboards:read' },
  'post /dashboards/:id/activate': viewer,
  'post /dashboards': { ...member, key: 'dashboards:write' },
  'post /dashboards/:id/duplicate': { ...member, key: 'dashboards:write' },
  'patch /dashboards/:id': { ...manager, own: 'member', key: 'dashboards:write' },
  'delete /dashboards/:id': { ...manager, own: 'member', key: 'dashboards:write' },

  'get /themes': viewer,
  'post /themes': viewer,
  'post /themes/import': viewer,
  'get /themes/active': viewer,
  'post /themes/:id/activate': viewer,
  'get /themes/:id': viewer,
  'patch /themes/:id': viewer,
  'delete /themes/:id': viewer,
  'get /themes/:id/export': viewer,
  'get /preferences': viewer,
  'patch /preferences': viewer,
  'get /notifications': viewer,
  'post /notifications/:id/read': viewer,
  'post /notifications/read-all': viewer,

  'get /agents': { ...viewer, key: 'agents:read' },
  'get /agents/:id': { ...viewer, key: 'agents:read' },
  'get /agents/:id/tools': { ...viewer, key: 'agents:read' },
  'get /models': { ...viewer, key: 'agents:read' },
  'post /agents': manager,
  'patch /agents/:id': manager,
  'delete /agents/:id': manager,
  'get /providers': admin,
  'post /providers': admin,
  'get /providers/:id': admin,
  'patch /providers/:id': admin,
  'delete /providers/:id': admin,

  'post /agents/:id/chat': { ...member, key: 'chat' },
  'post /chat': { ...member, key: 'chat' },
  'post /chat/stream': { ...member, key: 'chat' },
  'get /conversations': { ...viewer, key: 'chat' },
  'get /conversations/:id': { ...viewer, key: 'chat' },
  'patch /conversations/:id': viewer,
  'delete /conversations/:id': viewer,
  'get /conversations/:id/messages': { ...viewer, key: 'chat' },
  'post /conversations/:id/messages': { ...member, key: 'chat' },
  'get /runs/:id': { ...viewer, key: 'chat' },
  'get /runs/:id/stream': { ...viewer, key: 'chat' },
  'post /runs/:id/cancel': { ...viewer, key: 'chat' },
  'post /runs/:id/confirm': member,
  'get /reports/:id': { ...viewer, key: 'chat' },

  'get /usage': { ...manager, key: 'usage:read' },
  'get /usage/calls': { ...manager, key: 'usage:read' },
  'get /budgets': { ...manager, key: 'usage:read' },
  'put /budgets': admin,
};

/**
 * Nobody's data: for everyone, at these very paths. What `/metrics` and the details of `/health` tell is for holders of
 * METRICS_TOKEN.
 */
export const PLATFORM: readonly string[] = [
  'get /health',
  'get /health/live',
  'get /health/ready',
  'get /metrics',
  'get /api/v1/health',
  'get /api/v1/health/live',
  'get /api/v1/health/ready',
  'get /api/v1/metrics',
  'get /api/v1/openapi.json',
  'get /api/v1/asyncapi.json',
];

/** Kinds of which everyone has their own, whatever their role, by the first part of their paths. */
export const PERSONAL: ReadonlySet<string> = new Set([
  'auth',
  'themes',
  'notifications',
  'conversations',
  'runs',
  'reports',
]);

/** What a client may send: for every login, and what the thing that it names demands. Closing needs no right. */
export const EVENTS: Readonly<Record<string, { reads?: 'dashboardId' | 'conversationId' }>> = {
  'dashboard.open': { reads: 'dashboardId' },
  'dashboard.close': {},
  'conversation.open': { reads: 'conversationId' },
  'conversation.close': {},
  'presence.list': { reads: 'dashboardId' },
  sync: {},
  'auth.refresh': {},
};

/** What tools do to a widget, and the least role of the person who asked. */
export const TOOLS: Readonly<Record<ToolName, Readonly<Record<string, Role>>>> = {
  search: { search: 'viewer' },
  analysis: { analysis: 'viewer' },
  reporting: { reporting: 'viewer' },
  automation: { refresh: 'member', set_schedule: 'manager' },
};

export const nameOf = ({ method, path }: { method: string; path: string }): string => `${method} ${path}`;

/** @throws Error for a route that is not in the table */
export function ruleOf(route: { method: string; path: string }): RouteRule {
  const rule = ROUTES[nameOf(route)];
  if (!rule) throw new Error(`Say in the policy table who may ${nameOf(route)}.`);
  return rule;
}
