import { z } from 'zod';
import { AmountError, parseNano } from '../../../domain/money/nano';
import { PROVIDER_PROTOCOLS } from '../../../domain/providers/config';

/** More than any server offers under one address. */
const MAX_MODELS = 100;
/** Tokens; the largest windows of today take a tenth of it. */
const MAX_TOKENS = 10_000_000;
/** US dollars per million tokens: a call of as many tokens as there can be stays within what a bigint of nano-dollars holds. */
const MAX_PRICE = '100000';

const slug = z
  .string()
  .regex(/^[a-z0-9-]{1,50}$/, 'must be 1 to 50 lower-case letters, digits and hyphens')
  .refine((text) => text !== 'sandbox', 'is the built-in sandbox’s');

/** The address's form; where it leads is checked by the worker that connects, each time. */
const baseUrl = z
  .url({ protocol: /^https?$/ })
  .max(2_000)
  .refine((text) => !URL.canParse(text) || !new URL(text).username, 'must hold no user name or password')
  .refine((text) => !/[?#]/.test(text), 'must hold no query and no fragment');

/** It goes into a header. */
const secret = z.strictObject({
  apiKey: z.string().regex(/^[\x21-\x7e]{1,1000}$/, 'must be 1 to 1,000 visible ASCII characters'),
});

const quirks = z.strictObject({
  tokenParameter: z.enum(['max_tokens', 'max_completion_tokens']).optional(),
  includesUsage: z.boolean().optional(),
  tools: z.boolean().optional(),
  honoursOutputCap: z.boolean().optional(),
});

const dollars = z.string().superRefine((text, context) => {
  try {
    if (parseNano(text) > parseNano(MAX_PRICE))
      context.addIssue({ code: 'custom', message: `must be at most ${MAX_PRICE} US dollars` });
  } catch (error) {
    if (!(error instanceof AmountError)) throw error;
    context.addIssue({ code: 'custom', message: error.message });
  }
});

const model = z
  .strictObject({
    name: z.string().regex(/^[\x21-\x7e]{1,200}$/, 'must be 1 to 200 visible ASCII characters'),
    contextWindow: z.number().int().min(1).max(MAX_TOKENS),
    maxOutputTokens: z.number().int().min(1).max(MAX_TOKENS),
    /** US dollars per million tokens. */
    price: z.strictObject({ input: dollars, cachedInput: dollars.optional(), output: dollars }).optional(),
  })
  .refine(({ contextWindow, maxOutputTokens }) => maxOutputTokens <= contextWindow, {
    path: ['maxOutputTokens'],
    message: 'is more than the context window',
  });

const models = z
  .array(model)
  .max(MAX_MODELS)
  .superRefine((items, context) => {
    const names = items.map(({ name }) => name);
    names.forEach((name, index) => {
      if (names.indexOf(name) < index)
        context.addIssue({ code: 'custom', path: [index, 'name'], message: 'is there twice' });
    });
  });

const fields = {
  name: z.string().trim().min(1, 'must not be empty').max(100),
  protocol: z.enum(PROVIDER_PROTOCOLS),
  /** null: where the protocol's own maker is. */
  baseUrl: baseUrl.nullable(),
  /** null: the server asks for no key. */
  secret: secret.nullable(),
  quirks,
  models,
};

export const createProviderBody = z.strictObject({
  slug,
  ...fields,
  baseUrl: fields.baseUrl.default(null),
  secret: fields.secret.default(null),
  quirks: quirks.default({}),
  models: models.default([]),
});

/** The slug can't change: agents name their models by it. */
export const updateProviderBody = z
  .strictObject(fields)
  .partial()
  .refine((body) => Object.keys(body).length > 0, 'must change at least one field');

export const providerSchema = z.strictObject({
  id: z.uuid(),
  slug: z.string(),
  name: z.string(),
  protocol: z.enum(PROVIDER_PROTOCOLS),
  baseUrl: z.string().nullable(),
  hasSecret: z.boolean(),
  quirks: quirks.required(),
  models: z.array(model),
  version: z.number().int(),
  createdAt: z.string(),
  updatedAt: z.string(),
});
