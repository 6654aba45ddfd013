import { z } from 'zod';
import {
  MAX_PASSWORD,
  MIN_PASSWORD,
  MIN_PASSWORD_WITH_SECOND_FACTOR,
} from '../../../domain/accounts/password-rules';
import { ROLES } from '../../../domain/roles';

const email = z.email('is not an e-mail address').max(254);
const name = z.string().trim().min(1, 'must not be empty').max(100);

/** As sent; what it has to be is told by the rules (domain/accounts/password-rules). */
export const newPassword = z
  .string()
  .min(1)
  .max(1_000)
  .describe(
    `${MIN_PASSWORD} to ${MAX_PASSWORD} characters, or from ${MIN_PASSWORD_WITH_SECOND_FACTOR} with two-factor authentication on; no common password, nor the address or the name.`,
  );

export const registerBody = z.strictObject({
  email,
  password: newPassword,
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
