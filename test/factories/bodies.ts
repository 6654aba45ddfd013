import { randomBytes } from 'node:crypto';

/** Names are unique where the API demands it. */
const name = (what: string): string => `${what} ${randomBytes(6).toString('hex')}`;

/** What a client posts to make each thing; the smallest that is valid, with what a test wants different. */
export const widgetBody = (overrides: Record<string, unknown> = {}) => ({
  name: name('Widget'),
  type: 'custom',
  source: { kind: 'push' },
  ...overrides,
});

export const dashboardBody = (overrides: Record<string, unknown> = {}) => ({
  name: name('Dashboard'),
  ...overrides,
});

export const httpConnectionBody = (overrides: Record<string, unknown> = {}) => ({
  name: name('Connection'),
  kind: 'http',
  config: { baseUrl: 'https://api.example.test/v1' },
  secret: { headers: { 'X-Key': 'a key' } },
  ...overrides,
});

export const postgresConnectionBody = (overrides: Record<string, unknown> = {}) => ({
  name: name('Connection'),
  kind: 'postgres',
  config: { host: 'db.example.test', port: 5432, database: 'shop', user: 'reader', ssl: true },
  secret: { password: 'a password' },
  ...overrides,
});

export const agentBody = (overrides: Record<string, unknown> = {}) => ({
  name: name('Agent'),
  type: 'assistant',
  model: 'sandbox/sandbox-echo',
  ...overrides,
});

export const providerBody = (overrides: Record<string, unknown> = {}) => ({
  slug: `own-${randomBytes(6).toString('hex')}`,
  name: name('Provider'),
  protocol: 'openai-chat',
  baseUrl: 'https://llm.example.test/v1',
  secret: { apiKey: 'a-key-of-the-tests' },
  ...overrides,
});

export const themeBody = (overrides: Record<string, unknown> = {}) => ({
  name: name('Theme'),
  mode: 'dark',
  colors: {
    background: '#101418',
    foreground: '#f4f4f5',
    primary: '#3b82f6',
    secondary: '#334155',
    muted: '#1e293b',
    accent: '#f59e0b',
    destructive: '#dc2626',
  },
  borderRadius: '8px',
  ...overrides,
});

export const registerBody = (overrides: Record<string, unknown> = {}) => ({
  email: `${randomBytes(6).toString('hex')}@example.test`,
  password: 'correct horse battery staple',
  name: 'A person',
  businessName: 'A business',
  ...overrides,
});

/** A place on the grid for a widget: places in different rows do not overlap. */
export const placeOf = (widgetId: string, row = 0) => ({ widgetId, x: 0, y: row * 2, w: 2, h: 2 });
