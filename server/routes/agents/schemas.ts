import { z } from 'zod';
import { TOOL_NAMES } from '../../../domain/runs/types';

/** A page of instructions is 3,000 characters; with every message they are paid for again. */
const MAX_PROMPT_CHARACTERS = 20_000;
/** Models that are tried one after the other: each may take its time, and a person is waiting. */
const MAX_FALLBACKS = 3;
/** No model puts out more than this many tokens; what the agent's own does is checked beside it. */
const MAX_TOKENS = 1_000_000;

const model = z
  .string()
  .regex(/^[a-z0-9-]{1,50}\/[\x21-\x7e]{1,200}$/, 'must be <provider>/<model>, as GET /models names it');

/** Refuses what is in a list twice. */
const distinct = <Item extends z.ZodType<string>>(item: Item, max: number) =>
  z
    .array(item)
    .max(max)
    .superRefine((items, context) => {
      items.forEach((value, index) => {
        if (items.indexOf(value) < index)
          context.addIssue({ code: 'custom', path: [index], message: 'is there twice' });
      });
    });

const fields = {
  name: z.string().trim().min(1, 'must not be empty').max(100),
  type: z.enum(['assistant', 'analyst', 'optimizer', 'custom']),
  systemPrompt: z.string().max(MAX_PROMPT_CHARACTERS),
  model,
  /** null: the model's own. */
  temperature: z.number().min(0).max(2).nullable(),
  maxTokens: z.number().int().min(1).max(MAX_TOKENS),
  tools: distinct(z.enum(TOOL_NAMES), TOOL_NAMES.length),
  fallbackModels: distinct(model, MAX_FALLBACKS),
  status: z.enum(['active', 'inactive']),
};

export const createAgentBody = z.strictObject({
  ...fields,
  systemPrompt: fields.systemPrompt.default(''),
  temperature: fields.temperature.default(null),
  maxTokens: fields.maxTokens.optional(),
  tools: fields.tools.default([]),
  fallbackModels: fields.fallbackModels.default([]),
  status: fields.status.default('active'),
});

export const updateAgentBody = z
  .strictObject(fields)
  .partial()
  .refine((body) => Object.keys(body).length > 0, 'must change at least one field');

export const agentSchema = z.strictObject({
  id: z.uuid(),
  ...fields,
  tools: z.array(z.string()),
  fallbackModels: z.array(z.string()),
  version: z.number().int(),
  createdAt: z.string(),
  updatedAt: z.string(),
});

/** One agent, with what it has done in all. */
export const agentWithTotalsSchema = agentSchema.extend({
  totals: z.strictObject({
    runs: z.number().int(),
    tokens: z.strictObject({ input: z.number().int(), output: z.number().int() }),
    /** US dollars, decimal text. */
    cost: z.string(),
    lastRunAt: z.string().nullable(),
  }),
});

export const toolSchema = z.strictObject({
  name: z.enum(TOOL_NAMES),
  description: z.string(),
  /** JSON Schema of its arguments. */
  parameters: z.record(z.string(), z.unknown()),
  needsConfirmation: z.boolean(),
});
