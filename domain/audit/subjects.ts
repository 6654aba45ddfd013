/**
 * What of each kind of thing an audit event may show, before and after. A list of what is allowed, so that a new
 * column (a secret, a hash) stays out until somebody puts it here. A source and a connection's settings can carry
 * credentials in headers and addresses: of these only the kind is told.
 */
export const SUBJECTS = {
  user: ['name', 'email', 'avatarUrl', 'emailVerified', 'twoFactorEnabled', 'operator', 'reason'],
  session: ['businessId', 'ip', 'userAgent', 'reason', 'count'],
  member: ['userId', 'email', 'role', 'apiKeys', 'sessions', 'dashboards', 'widgets', 'runs'],
  invitation: ['email', 'role', 'expiresAt'],
  apiKey: ['name', 'prefix', 'scopes', 'expiresAt', 'userId'],
  business: [
    'name',
    'timezone',
    'locale',
    'conversationRetentionDays',
    'chatsPerMinute',
    'chatsPerHour',
    'chatsPerDay',
  ],
  widget: [
    'name',
    'type',
    'scope',
    'ownerId',
    'sourceKind',
    'sourceChanged',
    'schedule',
    'ttlSeconds',
    'refreshWhen',
  ],
  connection: ['name', 'kind', 'configChanged', 'secretChanged'],
  agent: [
    'name',
    'type',
    'model',
    'systemPrompt',
    'temperature',
    'maxTokens',
    'tools',
    'fallbackModels',
    'status',
  ],
  provider: ['slug', 'name', 'protocol', 'models', 'baseUrlChanged', 'secretChanged'],
  budget: ['scope', 'scopeId', 'period', 'hardLimit', 'softLimit'],
  dashboard: ['name', 'description', 'shared', 'ownerId', 'layoutChanged'],
  theme: ['name', 'mode', 'shared', 'ownerId'],
  /** A queue that an operator acted on. */
  queue: ['method', 'path', 'reason'],
  /** What was asked for and denied. */
  route: ['method', 'path', 'reason'],
} as const satisfies Record<string, readonly string[]>;

export type SubjectKind = keyof typeof SUBJECTS;
export const SUBJECT_KINDS = Object.keys(SUBJECTS) as [SubjectKind, ...SubjectKind[]];
