import { z } from 'zod';
import {
  MAX_PASSWORD,
  MIN_PASSWORD,
  MIN_PASSWORD_WITH_SECOND_FACTOR,
} from '../../../domain/accounts/password-rules';
import { RECOVERY_CODES } from '../../../domain/accounts/recovery-codes';
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
/** One that exists: whatever it is, it is compared, not judged. */
const password = z.string().min(1).max(1_000);

const cookie = z
  .boolean()
  .default(false)
  .describe(
    'For browsers: the refresh token goes into an HttpOnly cookie instead of the answer. Only pages of this platform or of CORS_ORIGINS may ask for it.',
  );

export const registerBody = z.strictObject({
  email,
  password: newPassword,
  name,
  businessName: name,
  cookie,
});
export const loginBody = z.strictObject({ email, password, cookie });
export const refreshBody = z.strictObject({
  refreshToken: z.string().min(1).max(500).optional().describe('Left out by a browser that has the cookie.'),
});
export const logoutAllBody = z.strictObject({
  exceptCurrent: z.boolean().default(false).describe('The login that asks goes on.'),
});
export const changePasswordBody = z.strictObject({ currentPassword: password, newPassword });
export const switchBusinessBody = z.strictObject({ businessId: z.uuid() });

const code = z.string().regex(/^\d{6}$/, 'must be six digits');
const factor = {
  code: code.optional().describe('From the authenticator app. Either this or recoveryCode.'),
  recoveryCode: z.string().min(1).max(50).optional().describe('One of those given when it was enabled.'),
};
export const verifyTwoFactorBody = z.strictObject({
  challenge: z.string().min(1).max(500),
  ...factor,
  cookie,
});
export const setUpTwoFactorBody = z.strictObject({ password });
export const enableTwoFactorBody = z.strictObject({ code });
export const confirmTwoFactorBody = z.strictObject({ password, ...factor });

export const accessTokenSchema = z.strictObject({
  accessToken: z.string(),
  expiresIn: z.number().int().describe('Seconds until the access token runs out.'),
});
export const tokensSchema = accessTokenSchema.extend({
  refreshToken: z.string().optional().describe('Left out where it is in the cookie.'),
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
export const loginSchema = z.union([
  accountSchema,
  z
    .strictObject({
      twoFactor: z.strictObject({
        challenge: z.string().describe('For POST /auth/2fa/verify, within five minutes.'),
      }),
    })
    .describe('Two-factor authentication is on: a second step gives the tokens.'),
]);
export const switchedSchema = z.strictObject({ business: businessSchema, tokens: accessTokenSchema });
export const sessionSchema = z.strictObject({
  id: z.uuid(),
  current: z.boolean().describe('The login that asks.'),
  device: z.string().describe('In words: “Firefox on Windows”.'),
  ip: z.string().nullable(),
  business: z.strictObject({ id: z.uuid(), name: z.string() }).nullable().describe('Where it acts now.'),
  createdAt: z.string(),
  lastUsedAt: z.string().describe('When it last renewed its tokens.'),
});
export const twoFactorSetupSchema = z.strictObject({
  secret: z.string().describe('Base32, to be typed into an authenticator app.'),
  otpauthUrl: z.string().describe('The same for a QR code.'),
});
export const recoveryCodesSchema = z.strictObject({
  recoveryCodes: z
    .array(z.string())
    .describe(`${RECOVERY_CODES} codes, each good once in place of the app’s. Shown this once.`),
});
