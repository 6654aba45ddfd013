import { z } from 'zod';
import { StartupError } from './errors';

/** `a, b,,c` becomes `['a','b','c']`. */
const list = z
  .string()
  .default('')
  .transform((text) =>
    text
      .split(',')
      .map((entry) => entry.trim())
      .filter(Boolean),
  );

const optionalUrl = (protocols: string[]) =>
  z
    .string()
    .optional()
    .transform((text) => text || undefined)
    .refine(
      (text) => text === undefined || (URL.canParse(text) && protocols.includes(new URL(text).protocol)),
      {
        message: `must be a URL starting with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`,
      },
    );

/**
 * Everything the environment can set. Names and meanings: the README's table and product.md,
 * "Configuration". In embedded mode start.ts fills what is missing before this is read.
 */
const schema = z
  .object({
    PORT: z.coerce.number().int().min(0).max(65_535).default(3000),
    HOST: z.string().default('0.0.0.0'),
    PUBLIC_URL: optionalUrl(['http:', 'https:']),
    DATABASE_URL: optionalUrl(['postgres:', 'postgresql:']),
    REDIS_URL: optionalUrl(['redis:', 'rediss:']),
    REDIS_CLUSTER: z.stringbool().default(false),
    DATA_DIR: z.string().optional(),
    JWT_SECRET: list,
    ENCRYPTION_KEYS: list,
    CORS_ORIGINS: list,
    TRUSTED_PROXIES: z.coerce.number().int().min(0).max(10).default(0),
    ALLOW_PRIVATE_HOSTS: list,
    METRICS_TOKEN: z.string().optional(),
    /** Where a worker process answers /health and /metrics; not at all where it is not set. */
    WORKER_METRICS_PORT: z.preprocess(
      (text) => (text === '' ? undefined : text),
      z.coerce.number().int().min(1).max(65_535).optional(),
    ),
    LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
    /**
     * Slots for refreshes in one worker process. A slot mostly waits for someone else's server. With 64 the window
     * ran dry between two sweeps: 3,000 due at once went at 0.5 of bare BullMQ's pace, with 128 at 0.8.
     */
    REFRESH_SLOTS: z.coerce.number().int().min(2).max(1000).default(128),
    /** Agents' replies in the making at once in one worker process. A run mostly waits for a provider. */
    AGENT_SLOTS: z.coerce.number().int().min(1).max(1000).default(100),
    OPENAI_API_KEY: z.string().optional(),
    OPENAI_BASE_URL: optionalUrl(['http:', 'https:']),
    /** What OPENAI_BASE_URL speaks: OpenAI's own Responses, or Chat Completions as compatible servers do. */
    OPENAI_PROTOCOL: z.enum(['responses', 'chat']).default('responses'),
    ANTHROPIC_API_KEY: z.string().optional(),
    ANTHROPIC_BASE_URL: optionalUrl(['http:', 'https:']),
    /** The built-in sandbox, where it runs; embedded mode starts one when no provider has a key. */
    SANDBOX_URL: optionalUrl(['http:', 'https:']),
    /** The server that takes our mail: smtp://user:password@host:587 (STARTTLS) or smtps://…:465. */
    SMTP_URL: optionalUrl(['smtp:', 'smtps:']),
    /** Whom mails are from: an address, or `Name <address>`. Needed with SMTP_URL. */
    MAIL_FROM: z
      .string()
      .optional()
      .transform((text) => text || undefined)
      .refine(
        (text) =>
          text === undefined || /^(?:[^<>\r\n]*<[^<>\s@]+@[^<>\s@]+>|[^<>\s@]+@[^<>\s@]+)$/.test(text),
        {
          message: 'must be an address, or Name <address>',
        },
      ),
    /**
     * Without SMTP_URL mails are kept and shown at /dev/mailbox, to this machine alone. npm start sets it where the
     * database is its own.
     */
    DEV_MAILBOX: z.stringbool().default(false),
    /** Connections to Postgres per process. */
    DATABASE_POOL: z.coerce.number().int().min(2).max(200).default(10),
  })
  .refine(({ SMTP_URL, MAIL_FROM }) => !SMTP_URL || MAIL_FROM, {
    path: ['MAIL_FROM'],
    message: 'must say whom mails are from, since SMTP_URL is set',
  });

export type Env = z.infer<typeof schema>;

/**
 * Parses an environment.
 * @throws StartupError with one line that names every wrong variable.
 */
export function parseEnv(source: NodeJS.ProcessEnv): Env {
  const result = schema.safeParse(source);
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`);
  throw new StartupError(`The environment is not usable: ${problems.join('; ')}`);
}

let parsed: Env | undefined;

/** This process's environment, parsed once, on first use. */
export function env(): Env {
  parsed ??= parseEnv(process.env);
  return parsed;
}
