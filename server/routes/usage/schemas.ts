import { z } from 'zod';
import { USAGE_GROUPS } from '../../../domain/usage/grouped';

/** Most calls of one CSV: 10,000 lines are 4 MB. The next begins behind the last (X-Next-Before). */
export const MAX_CSV_CALLS = 10_000;
const MAX_PAGE_CALLS = 100;

const format = z.enum(['json', 'csv']).optional().describe('`Accept: text/csv` asks for the same.');

export const usageQuery = z.strictObject({
  from: z.iso.date().optional().describe('First day, in the business’s time zone; the first of the month.'),
  to: z.iso.date().optional().describe('Last day, included; today.'),
  groupBy: z.enum(USAGE_GROUPS).default('day'),
  format,
});

export const callsQuery = z.strictObject({
  before: z.uuid().optional(),
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(MAX_CSV_CALLS)
    .optional()
    .describe(`At most ${MAX_PAGE_CALLS} as JSON, 20 where not given; as CSV ${MAX_CSV_CALLS}.`),
  format,
});

export const limitOf = (limit: number | undefined, isCsv: boolean): number =>
  isCsv ? (limit ?? MAX_CSV_CALLS) : Math.min(limit ?? 20, MAX_PAGE_CALLS);

const count = z.number();
const tokens = { input: count, cachedInput: count, cacheWrite: count, output: count, reasoning: count };
const money = z.string().describe('US dollars, exact to the nano-dollar.');

export const usageSchema = z.strictObject({
  from: z.string(),
  to: z.string(),
  timezone: z.string(),
  groupBy: z.enum(USAGE_GROUPS),
  rows: z.array(
    z.strictObject({
      key: z.string().nullable().describe('The day, the model, or the agent’s or person’s id.'),
      name: z.string().nullable(),
      calls: z.number().int(),
      estimatedCalls: z.number().int(),
      tokens: z.strictObject(tokens),
      cost: money,
    }),
  ),
});

const known = count.nullable().describe('null where the provider did not say.');

export const callSchema = z.strictObject({
  id: z.uuid(),
  runId: z.uuid().nullable(),
  conversationId: z.uuid().nullable(),
  agentId: z.uuid().nullable(),
  userId: z.uuid().nullable(),
  purpose: z.enum(['reply', 'title']),
  attempt: z.number().int(),
  provider: z.string(),
  model: z.string(),
  modelServed: z.string().nullable(),
  providerRequestId: z.string().nullable(),
  requestId: z.string(),
  status: z.enum(['held', 'settled']),
  outcome: z.enum(['completed', 'stopped', 'failed', 'unsent', 'refused', 'unknown']).nullable(),
  stopReason: z.string().nullable(),
  errorCode: z.string().nullable(),
  tokens: z.strictObject({
    input: known,
    cachedInput: known,
    cacheWrite: known,
    output: known,
    reasoning: known,
  }),
  outputCap: z.number().int(),
  hold: money,
  cost: money,
  estimated: z.boolean(),
  overrun: z.boolean(),
  createdAt: z.string(),
  settledAt: z.string().nullable(),
});
