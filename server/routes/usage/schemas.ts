import { z } from 'zod';
import { USAGE_GROUPS } from '../../../domain/usage/grouped';
import { csvFormat } from '../../http/csv';

export const usageQuery = z.strictObject({
  from: z.iso.date().optional().describe('First day, in the business’s time zone; the first of the month.'),
  to: z.iso.date().optional().describe('Last day, included; today.'),
  groupBy: z.enum(USAGE_GROUPS).default('day'),
  format: csvFormat,
});

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
