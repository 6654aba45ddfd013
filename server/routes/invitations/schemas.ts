import { z } from 'zod';
import { ROLES } from '../../../domain/roles';
import { accountSchema, newPassword, tokensSchema } from '../auth/schemas';

export const invitationSchema = z.strictObject({
  id: z.uuid(),
  email: z.string(),
  role: z.enum(ROLES),
  invitedBy: z.uuid().nullable(),
  expiresAt: z.string(),
  createdAt: z.string(),
});

export const inviteBody = z.strictObject({
  email: z.email('is not an e-mail address').max(254),
  role: z.enum(ROLES),
});

export const acceptBody = z.strictObject({
  token: z.string().min(1).max(500).describe('From the link that was mailed.'),
  name: z
    .string()
    .trim()
    .min(1, 'must not be empty')
    .max(100)
    .optional()
    .describe('Of who has no account yet.'),
  password: newPassword.optional(),
});

export const acceptedSchema = accountSchema.extend({
  tokens: tokensSchema
    .nullable()
    .describe('Of who registered with the invitation; others ask POST /auth/switch-business for theirs.'),
});
