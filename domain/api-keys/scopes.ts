/** What an API key may be for. A route names one; a key that lacks it is refused there (product.md, "keys"). */
export const API_SCOPES = [
  'widgets:read',
  'widgets:write',
  'widgets:push',
  'dashboards:read',
  'dashboards:write',
  'agents:read',
  'chat',
  'usage:read',
] as const;
export type ApiScope = (typeof API_SCOPES)[number];
