import { z } from 'zod';
import { AmountError, parseNano } from '../../../domain/money/nano';
import { idSchema } from '../../http/lists';

const limit = z
  .string()
  .max(30)
  .transform((dollars, context) => {
    try {
      return parseNano(dollars);
    } catch (error) {
      if (!(error instanceof AmountError)) throw error;
      context.issues.push({ code: 'custom', message: error.message, input: dollars });
      return z.NEVER;
    }
  })
  .nullable()
  .describe('US dollars as a decimal ("12.50"), to the nano-dollar; null: none.');

export const putBudgetBody = z
  .strictObject({
    scope: z
      .strictObject({
        kind: z.enum(['business', 'member', 'agent']),
        id: idSchema.optional().describe('The member’s user id or the agent’s id.'),
      })
      .refine(({ kind, id }) => (kind === 'business') === (id === undefined), {
        path: ['id'],
        message: 'must name the member or agent, and nothing for the business',
      }),
    period: z.enum(['day', 'month']),
    hardLimit: limit.describe('At it, no call is made. US dollars as a decimal; null: none.'),
    softLimit: limit.describe('At it, people are told. US dollars as a decimal; null: none.'),
    unfreeze: z.boolean().default(false).describe('Lifts a freeze, as does a higher hard limit.'),
  })
  .refine(({ hardLimit, softLimit }) => hardLimit === null || softLimit === null || softLimit <= hardLimit, {
    path: ['softLimit'],
    message: 'must not be above hardLimit',
  });

const money = z.string().describe('US dollars, exact to the nano-dollar.');

export const budgetSchema = z.strictObject({
  id: z.uuid(),
  scope: z.strictObject({
    kind: z.enum(['business', 'member', 'agent']),
    id: z.uuid().nullable(),
    name: z.string().nullable(),
  }),
  period: z.enum(['day', 'month']),
  hardLimit: money.nullable(),
  softLimit: money.nullable(),
  spent: money,
  held: money.describe('What calls under way may still cost.'),
  periodStart: z.string(),
  periodEnd: z.string(),
  frozen: z.strictObject({ at: z.string(), reason: z.string() }).nullable(),
  version: z.number().int(),
  createdAt: z.string(),
  updatedAt: z.string(),
});
