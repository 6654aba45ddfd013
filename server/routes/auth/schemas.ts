import { z } from 'zod';
import { ROLES } from '../../../domain/roles';

/** OWASP ASVS 5.0, 6.2: length is what counts; no rules of composition. */
const MIN_PASSWORD = 15;
const MAX_PASSWORD = 128;

const email = z.email('is not an e-mail address').max(254);
const name = z.string().trim().min(1, 'must not be empty').max(100);

export const registerBody = z.strictObject({
  email,
  password: z
    .string()
    .min(MIN_PASSWORD, `must have at least ${MIN_PASSWORD} characters`)
    .max(MAX_PASSWORD, `must have at most ${MAX_PASSWORD} characters`),
  name,
  businessName: name,
});

export const loginBody = z.strictObject({ email, password: z.string().min(1).max(1_000) });
export const refreshBody = z.strictObject({ refreshToken: z.string().min(1).max(500) });

export const tokensSchema = z.strictObject({
  accessToken: z.string(),
  refreshToken: z.string(),
  expiresIn: z.number().int().describe('Seconds until the access token runs out.'),
});

export const userSchema = z.strictObject({
  id: z.uuid(),
  email: z.string(),
  name: z.string(),
  avatarUrl: z.string().nullable(),
  emailVerified: z.boolean(),
  twoFactorEnabled: z.boolean(),
  createdAt: z.string(),
});

export const businessSchema = z.strictObject({
  id: z.uuid(),
  name: z.string(),
  role: z.enum(ROLES).describe('The caller’s role.'),
  timezone: z.string(),
  locale: z.string(),
});

export const meSchema = z.strictObject({ user: userSchema, business: businessSchema });
export const accountSchema = z.strictObject({
  user: userSchema,
  business: businessSchema,
  tokens: tokensSchema,
});
